"""``mango_replay`` and ``mango_rebuild``: what is processed again, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_mango.models import Account, Call, Notification
from django_mango.protocol import projection
from django_mango.services import account_for, inbox, receive
from tests.commands.conftest import Ran
from tests.webhooks.signed import EVENT

Run = Callable[..., Ran]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    return account_for()


def told(account: Account, entry: str, **values: object) -> Notification:
    text = json.dumps({**EVENT, "entry_id": entry, "call_id": f"leg of {entry}", **values})
    return receive(account, "events/call", "default/events/call", text.encode())


@pytest.fixture
def lost(account: Account, monkeypatch: pytest.MonkeyPatch) -> Notification:
    """A notification whose processing broke: stored, with its error, and no call."""

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("a fault of our own")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "project_entries", broken)
        stored = told(account, "lost")
    stored.refresh_from_db()
    assert stored.error
    assert not Call.objects.exists()
    return stored


def test_what_failed_is_processed_again(run: Run, account: Account, lost: Notification) -> None:
    told(account, "good")

    done = run("mango_replay", "--failed")

    assert done == Ran(0, "Processed again: 1 of 1.\n", "", "")
    lost.refresh_from_db()
    assert lost.error == ""
    assert lost.processed_at is not None
    assert set(Call.objects.values_list("entry_id", flat=True)) == {"good", "lost"}
    assert run("mango_replay", "--failed").out == "Processed again: 0 of 0.\n"


def test_replaying_everything_changes_nothing(run: Run, account: Account) -> None:
    for entry in ("one", "two", "three"):
        told(account, entry)
    before = list(Call.objects.order_by("pk").values())

    assert run("mango_replay", "--since", "1d").out == "Processed again: 3 of 3.\n"
    assert list(Call.objects.order_by("pk").values()) == before
    assert Notification.objects.count() == 3


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("--entry", "one"), 1),
        (("--since", "1h"), 2),
        (("--until", "1h"), 1),
        (("--since", "3d", "--until", "1h", "--failed"), 0),
        (("--entry", "nowhere"), 0),
    ],
)
def test_conditions_narrow_each_other(
    run: Run, account: Account, arguments: tuple[str, ...], count: int
) -> None:
    for entry in ("one", "two", "old"):
        told(account, entry)
    Notification.objects.filter(entry_id="old").update(
        received_at=timezone.now() - timedelta(days=2)
    )

    assert run("mango_replay", *arguments).out == f"Processed again: {count} of {count}.\n"


def test_by_number_and_quietly(run: Run, account: Account, lost: Notification) -> None:
    assert run("mango_replay", str(lost.pk), verbosity=0) == Ran(0, "", "", "")
    assert Call.objects.get().entry_id == "lost"


def test_what_cannot_be_understood_is_1(run: Run, account: Account) -> None:
    receive(account, "events/call", "events/call", b"{broken")
    told(account, "good")

    done = run("mango_replay", "--since", "1d")

    assert done.code == 1
    assert done.out == "Processed again: 1 of 2.\n"
    assert done.error == "1 could not be processed; the journal says why."


@pytest.mark.parametrize(
    "arguments", [(), ("987654",), ("--account", "nobody", "--failed"), ("--since", "soon")]
)
def test_a_replay_of_nothing_named_is_no_success(
    run: Run, account: Account, arguments: tuple[str, ...]
) -> None:
    done = run("mango_replay", *arguments)

    assert done.code in {1, 2}
    assert done.error
    assert done.out == ""


def test_a_rebuild_puts_right_what_was_spoilt(run: Run, account: Account) -> None:
    for entry in ("one", "two"):
        told(account, entry)
    before = list(Call.objects.order_by("pk").values())
    Call.objects.filter(entry_id="one").update(direction="outgoing", client_number="")

    done = run("mango_rebuild", "--all")

    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "Calls read: 2, changed: 1."
    assert sorted(lines[1:]) == ["  client_number: 1", "  direction: 1"]
    assert list(Call.objects.order_by("pk").values()) == before
    assert run("mango_rebuild", "--all").out == "Calls read: 2, changed: 0.\n"


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        (("--entry", "one"), 1),
        (("--outdated",), 1),
        (("--since", "2025-05-24"), 2),
        (("--until", "2025-05-23"), 0),
    ],
)
def test_a_rebuild_reads_what_was_asked_for(
    run: Run, account: Account, arguments: tuple[str, ...], read: int
) -> None:
    for entry in ("one", "two"):
        told(account, entry)
    Call.objects.filter(entry_id="two").update(projection_version=projection.VERSION - 1)

    assert run("mango_rebuild", *arguments).out.startswith(f"Calls read: {read}, ")


@pytest.mark.parametrize("arguments", [(), ("--entry", "nowhere"), ("--account", "nobody")])
def test_a_rebuild_of_nothing_is_no_success(
    run: Run, account: Account, arguments: tuple[str, ...]
) -> None:
    done: Any = run("mango_rebuild", *arguments)

    assert done.code == 2
    assert done.error
    assert done.out == ""
