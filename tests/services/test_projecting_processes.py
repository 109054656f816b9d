"""Four processes receive one conversation's notifications while an importer writes its calls."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from django_mango.models import Account, CallRecord, Notification, StatsImport
from django_mango.services import import_statistics
from django_mango.services.caching import forget
from tests.services.import_bench import (
    Story,
    calls_of,
    deliver,
    importer,
    make_account,
    records_of,
)
from tests.services.import_processes import children, outcomes

pytestmark = pytest.mark.django_db(transaction=True)

RECEIVERS = 4


@pytest.fixture
def account() -> Account:
    forget()
    return make_account()


def busy_story() -> Story:
    """Few conversations of many legs, so that the processes meet in them."""
    story = Story(record=False)
    story.incoming("79161234567", to="301")
    story.incoming("79161234567", to="302", outcome="missed")
    story.callback("74957778890")
    story.transferred("79851112233", "blind")
    story.transferred("79267890123", "hold")
    return story


def plans(story: Story, **more: Any) -> list[dict[str, Any]]:
    """Receivers that get every fourth notification each, so that all work on all calls."""
    texts = [(kind, text.decode()) for kind, text in story.deliveries()]
    receivers = [
        {"do": "deliver", "deliveries": texts[number::RECEIVERS], **more}
        for number in range(RECEIVERS)
    ]
    importing = {
        "do": "import",
        "url": story.pbx.url,
        "since": story.since.isoformat(),
        "until": timezone.now().isoformat(),
        "batch": 15,
        "times": 3,
        **more,
    }
    return [*receivers, importing]


@pytest.mark.parametrize(
    "deferred",
    [False, pytest.param(True, marks=pytest.mark.database("sqlite"))],
    ids=["", "deferred"],
)
def test_nothing_is_lost_and_nobody_waits_for_ever(account: Account, deferred: bool) -> None:
    story = busy_story()
    with story.pbx:
        with children(*plans(story, deferred=deferred)) as processes:
            told = outcomes(processes)
        assert told == [(0, "done")] * (RECEIVERS + 1)
        assert not Notification.objects.filter(processed_at=None).exists()
        assert not Notification.objects.exclude(error="").exists()
        assert not StatsImport.objects.exclude(state=StatsImport.State.DONE).exists()
        quiet = make_account("quiet")
        deliver(quiet, story.deliveries())
        with importer(story.pbx.url) as client:
            import_statistics(quiet, story.since, timezone.now(), client=client)
    assert Notification.objects.filter(account=account).count() == len(set(story.deliveries()))
    assert records_of(account) == records_of(quiet) != []
    assert calls_of(account) == calls_of(quiet)


def test_the_same_bytes_at_one_moment_are_one_row(account: Account) -> None:
    """Redelivery to several workers: one row, the rest counted, one call."""
    story = Story()
    story.incoming("79161234567", to="301")
    texts = [(kind, text.decode()) for kind, text in story.deliveries()]
    plan = {"do": "deliver", "deliveries": texts}
    with children(*[plan] * RECEIVERS) as processes:
        assert outcomes(processes) == [(0, "done")] * RECEIVERS
    rows = Notification.objects.all()
    assert len(rows) == len(texts)
    assert {row.copies for row in rows} == {RECEIVERS - 1}
    assert all(row.processed_at and not row.error for row in rows)
    quiet = make_account("quiet")
    deliver(quiet, story.deliveries())
    assert calls_of(account) == calls_of(quiet)
    assert not CallRecord.objects.exists()
