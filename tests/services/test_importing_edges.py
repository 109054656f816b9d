"""Where one batch ends and the next begins: conversations that lie on the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from django_mango.models import Account, Call, StatsImport
from django_mango.protocol.errors import AnswerLost
from django_mango.protocol.statistics import Record
from django_mango.services import unfolding
from django_mango.services.following import News
from django_mango.services.importing import batches
from django_mango.services.importing.loading import Arriving
from django_mango.services.importing.writing import Writer
from tests.services.import_bench import make_account

pytestmark = pytest.mark.django_db

START = 1_748_000_000
BATCH = 200
STAFF = "101"


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", BATCH)


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Conversations whose calls were made from what is stored, not from the rows at hand."""
    found: list[str] = []
    project: Callable[..., object] = unfolding.project_locked

    def noted(account: Account, entry_ids: Sequence[str], *rest: object, **more: object) -> object:
        found.extend(entry_ids)
        return project(account, entry_ids, *rest, **more)

    monkeypatch.setattr(unfolding, "project_locked", noted)
    return found


def leg(entry_id: str, second: int) -> Record:
    begun = START + second
    return Record(
        entry_id,
        begun,
        begun + 9,
        from_number="79161234567",
        to_extension=STAFF,
        disconnect_reason="1110",
        location="abonent",
        create=begun,
    )


def stored_after_each_batch(account: Account, arriving: Iterator[Arriving]) -> list[int]:
    """How many rows are stored after each batch."""
    window = StatsImport.objects.create(
        account=account,
        since=timezone.now() - timedelta(days=3),
        until=timezone.now(),
        started_at=timezone.now(),
    )
    return [account.records.count() for _ in Writer(account, News(account)).store(window, arriving)]


def test_what_may_go_on_comes_with_the_next_batch(account: Account, again: list[str]) -> None:
    """Both legs of a conversation on the edge make its call at once."""
    names = [f"e{number}" for number in range(2 * BATCH)]
    names[BATCH + 3] = names[BATCH - 2]
    rows = [leg(name, 20 * number) for number, name in enumerate(names)]
    assert stored_after_each_batch(account, iter(rows)) == [BATCH - 5, 2 * BATCH - 5, 2 * BATCH]
    assert not again
    assert Call.objects.count() == 2 * BATCH - 1


def test_of_one_long_conversation_not_all_is_kept(account: Account, again: list[str]) -> None:
    rows = [leg("long", 20 * number) for number in range(2 * BATCH + 10)]
    assert stored_after_each_batch(account, iter(rows)) == [BATCH, 2 * BATCH, 2 * BATCH + 10]
    assert again == ["long", "long"]
    assert Call.objects.count() == 1


def test_rows_without_a_conversation_are_not_kept(account: Account) -> None:
    rows = [leg("", 20 * number) for number in range(BATCH + 1)]
    assert stored_after_each_batch(account, iter(rows)) == [BATCH, BATCH + 1]


def test_what_was_kept_is_stored_where_the_answer_breaks_off(account: Account) -> None:
    """Nothing of what came is lost, though the next batch never comes."""

    def arriving() -> Iterator[Record]:
        for number in range(BATCH):
            yield leg(f"e{number}", 20 * number)
        raise AnswerLost("cut")

    with pytest.raises(AnswerLost):
        stored_after_each_batch(account, arriving())
    assert account.records.count() == Call.objects.count() == BATCH
