"""What a notification and a batch of statistics cost in statements, outside ``TestCase``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mango.models import Account, Call, Command, Recording
from django_mango.services import import_statistics
from django_mango.services.caching import forget
from django_mango.services.importing import batches, wake, writing
from django_mango.testing import running_sandbox
from tests.services.import_bench import Story, deliver, importer, make_account

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 2, tzinfo=UTC)
_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@pytest.fixture
def account() -> Account:
    forget()
    return make_account()


def statements(work: Callable[[], object]) -> list[str]:
    """The statements of ``work``, without the control of transactions."""
    with CaptureQueriesContext(connection) as captured:
        work()
    texts = (query["sql"] for query in captured.captured_queries)
    return [text for text in map(_once, texts) if not text.startswith(_CONTROL)]


def _once(text: str) -> str:
    """A statement run for many rows is logged with their number in front of it."""
    return text.partition(" times: ")[2] or text


def test_a_known_entry_costs_eight_statements_and_a_summary_eleven(account: Account) -> None:
    story = Story(record=False)
    story.incoming("79161234567", to="301")
    story.incoming("79161234567", to="302", outcome="missed")
    story.transferred("79161234567", "blind")
    story.transferred("79161234567", "hold")
    story.callback("74957778890", command_id="ours")
    Command.objects.create(
        account=account,
        command_id="ours",
        kind=Command.Kind.CALLBACK,
        status=Command.Status.ACCEPTED,
        payload={},
        created_at=timezone.now(),
    )
    for conversation in story.conversations():
        deliver(account, conversation[:1])
        for kind, text in conversation[1:]:
            made = statements(partial(deliver, account, [(kind, text)]))
            assert len(made) <= (11 if kind == "events/summary" else 8), "\n".join(made)


def test_a_copy_costs_three_statements(account: Account) -> None:
    story = Story(record=False)
    story.incoming("79161234567")
    deliveries = story.deliveries()
    deliver(account, deliveries)
    for delivery in deliveries:
        assert len(statements(partial(deliver, account, [delivery]))) <= 3


def import_of(calls: int, alias: str) -> list[str]:
    """The statements of one import; how many missed calls it settled is no part of them."""
    account = make_account(alias)
    with (
        running_sandbox(
            calls=calls,
            days=20,
            history_end=END.timestamp(),
            statistics_delay=0,
            enforce_limits=False,
        ) as pbx,
        importer(pbx.url) as client,
    ):
        made = statements(
            lambda: import_statistics(account, END - timedelta(days=20), END, client=client)
        )
    return [text for text in made if not _settles(text)]


def _settles(text: str) -> bool:
    """Settling a missed call is a statement of its own, so that no lock waits for another."""
    return (
        text.startswith("UPDATE") and "SET" in text and "missed_resolved_at" in text.split("=")[0]
    )


def _is_staging(text: str) -> bool:
    """PostgreSQL takes many rows through a table of the session, few ones directly."""
    return "mango_stage_" in text and not text.startswith("INSERT")


def _without_parts(made: list[str]) -> list[str]:
    """Statements, one for those in a row that insert into one table: SQLite takes 200 at once."""
    whole = [text for text in made if not _is_staging(text)]
    inserts = [text.partition("(")[0] if text.startswith("INSERT") else "" for text in whole]
    pairs = zip(whole, inserts, ["", *inserts], strict=False)
    return [text for text, insert, before in pairs if not insert or insert != before]


def test_a_batch_costs_the_same_whatever_its_size(account: Account) -> None:
    small, large = import_of(30, "small"), import_of(300, "large")
    costs = [len(_without_parts(made)) for made in (small, large)]
    assert costs[0] == costs[1] <= 45, json.dumps([small, large], indent=1)[:20000]


def test_postgresql_is_told_that_its_tables_grew(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planned for the empty table it was, a query would go through all calls for each batch."""
    monkeypatch.setattr(batches, "BATCH", 40)
    monkeypatch.setattr(writing, "_FEW", 10)
    monkeypatch.setattr(writing, "_TIMES", 4)
    made = [text for text in import_of(100, "growing") if text.startswith("ANALYZE")]
    assert len(made) == (2 if connection.vendor == "postgresql" else 0)
    assert all(Call._meta.db_table in text for text in made)


def test_postgresql_is_told_once_of_many_recordings(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 40)
    monkeypatch.setattr(wake, "_TOGETHER", 40)
    monkeypatch.setattr(wake, "_MANY_RECORDINGS", 1)
    made = [text for text in import_of(100, "recorded") if text.startswith("ANALYZE")]
    assert Recording.objects.count() > 2
    assert len(made) == (1 if connection.vendor == "postgresql" else 0)
    assert all(Recording._meta.db_table in text for text in made)


def test_an_unchanged_batch_writes_nothing(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 50)
    with (
        running_sandbox(
            calls=60, days=20, history_end=END.timestamp(), statistics_delay=0, enforce_limits=False
        ) as pbx,
        importer(pbx.url) as client,
    ):
        since = END - timedelta(days=20)
        assert import_statistics(account, since, END, client=client).ok
        made = statements(lambda: import_statistics(account, since, END, client=client))
    tables = {text.split()[2 if text.startswith("INSERT") else 1].strip('"`') for text in made
              if text.startswith(("INSERT", "UPDATE"))}  # fmt: skip
    assert tables <= {"django_mango_lease", "django_mango_statsimport"}
    # A batch: begin with a write, read the keys, count.
    asked = [text for text in made if "django_mango_callrecord" in text]
    assert 2 <= len(asked) <= 6


def test_every_transaction_begins_with_a_write(account: Account) -> None:
    """On SQLite, as Django sets it up, a transaction that has read cannot become a writer."""
    story = Story()
    story.incoming("79161234567", to="301", outcome="missed")
    story.callback("79161234567")
    with story.pbx, importer(story.pbx.url) as client, CaptureQueriesContext(connection) as made:
        deliver(account, story.deliveries())
        for _again in range(2):
            forget()
            assert import_statistics(account, story.since, timezone.now(), client=client).ok
    texts = [_once(query["sql"]) for query in made.captured_queries]
    first = [after for before, after in pairwise(texts) if before.startswith("BEGIN")]
    assert len(first) > len(story.deliveries())
    assert {text.split()[0] for text in first} <= {"INSERT", "UPDATE", "DELETE", "COMMIT"}
