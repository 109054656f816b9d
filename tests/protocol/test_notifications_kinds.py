"""Notification paths in every printed shape (T-04, Q35, Q58)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.notifications import canonical_kind

KINDS = [
    "events/call",
    "events/summary",
    "events/recording",
    "events/record/added",
    "events/record/tagged",
    "events/dtmf",
    "events/sms",
    "events/recognized/offline",
    "events/user/status_changed",
    "result/callback",
    "result/callback_group",
    "result/call/hangup",
    "result/call/hold/on",
    "result/calls_connect",
    "result/recording/start",
    "result/stat",
    "ping",
]
PREFIXES = [
    "",
    "/",
    "/mango/default/",
    "/vpbx/",
    "/vpbx/api/v1/",
    "https://host/a/",
    "//",
    "x/events.old/",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("suffix", ["", "/", "//"])
def test_every_printed_shape(kind: str, prefix: str, suffix: str) -> None:
    assert canonical_kind(prefix + kind + suffix) == kind


def test_older_name_of_the_readiness_notification() -> None:
    assert canonical_kind("/vpbx/result/stats/") == "result/stat"


def test_doubled_slashes_are_one() -> None:
    assert canonical_kind("/events//record///added") == "events/record/added"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/events/crm/events/call", "events/call"),
        ("/result/events/summary", "events/summary"),
        ("/events/result/callback/", "result/callback"),
        ("/events/ping", "ping"),
    ],
)
def test_innermost_mount_counts(path: str, kind: str) -> None:
    assert canonical_kind(path) == kind


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/events",
        "/events/",
        "/result/",
        "/myevents/call",
        "/events.call",
        "/pinging",
        "/xping",
        "/ping/me",
        "/Events/call",
        "/events/call?x=1",
        "/events/звонок",
        "/events/call\n",
        "/events/a b",
        "/events/" + "a" * 100,
    ],
)
def test_what_is_no_path_of_a_notification(path: str) -> None:
    assert canonical_kind(path) is None


def test_long_hostile_path_is_read_in_linear_time() -> None:
    """A pattern that backtracks would not come back from this one."""
    assert canonical_kind("/events/" * 200_000 + "!") is None


@given(st.text(alphabet="/eventsrulpig.-_1 \n\x00я", max_size=60) | st.text(max_size=60))
def test_any_path_gives_a_kind_that_means_itself(path: str) -> None:
    kind = canonical_kind(path)
    if kind is not None:
        assert canonical_kind(kind) == kind
        assert canonical_kind(f"/mount/{kind}/") == kind
        assert len(kind) <= 100
