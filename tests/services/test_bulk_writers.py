"""One family of tests over all writers: the portable one, and that of the database at hand."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, connections, transaction

from django_mango.models import Account, Call, CallRecord
from django_mango.protocol.times import from_unix
from django_mango.services.bulk import block_of, portable, upsert, upserts
from django_mango.services.bulk.writer import Writer, writer_for

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 10, 11, 12, 131415, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
COLUMNS = ("key", "row_digest", "started_at", "location", "recording_ids")
_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql"}


@pytest.fixture(params=["portable", "portable without upserts", "native"])
def writer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The writer ``upsert`` uses."""
    if request.param != "native":
        monkeypatch.setattr(upserts, "writer_for", lambda *_args: portable)
    if request.param == "portable without upserts":  # as on Oracle
        monkeypatch.setattr(connection.features, "supports_update_conflicts", False)
    return str(request.param)


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


def put(
    account: Account, *rows: tuple[Any, ...], at: datetime = NOW, expects_new: bool = False
) -> None:
    block_of(
        connection,
        CallRecord,
        COLUMNS,
        rows,
        key=("account_id", "key"),
        update=("row_digest", "location", "recording_ids"),
        stamps=("changed_at",),
        constants={"account_id": account.pk, "first_seen_at": at, "changed_at": at},
        expects_new=expects_new,
    ).write()


def stored() -> dict[str, tuple[Any, ...]]:
    rows = CallRecord.objects.order_by("key").values_list(*COLUMNS, "first_seen_at", "changed_at")
    return {row[0]: row[1:] for row in rows}


def test_the_database_at_hand_has_a_writer_of_its_own() -> None:
    seen: list[Writer] = []

    class Spy:
        def make(self, *args: Any) -> None:
            seen.append(writer_for(*args[:2]))

        def write(self, *args: Any) -> None:
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upserts, "writer_for", lambda *_args: Spy())
        block_of(connection, Account, ("alias",), [("a",)], key=("alias",), update=()).write()
    (chosen,) = seen
    assert chosen.__name__.rpartition(".")[2] == _MODULES[connection.vendor]  # type: ignore[attr-defined] # a module


def test_new_changed_and_unchanged_rows(writer: str, account: Account) -> None:
    put(account, ("a", "1", 5, "ivr", ("r",)), ("b", "1", 0, "ivr", ()))
    put(
        account,
        ("a", "1", 7, "ivr", ("r",)),
        ("b", "2", 7, "queue", ("r1", "r2")),
        ("c", "1", None, "", []),
        at=LATER,
    )
    assert stored() == {
        # Nothing differs in what may change: neither stamp nor anything else is written.
        "a": ("1", from_unix(5), "ivr", ["r"], NOW, NOW),
        # What may not change stays: the start and when it was first seen.
        "b": ("2", None, "queue", ["r1", "r2"], NOW, LATER),
        "c": ("1", None, "", [], LATER, LATER),
    }
    assert set(CallRecord.objects.values_list("account", "kind", "level", "to_number")) == {
        (account.pk, "basic", "leg", "")
    }


def test_who_expects_new_rows_may_be_wrong(writer: str, account: Account) -> None:
    rows = [(f"{n:03d}", "1", 5, "ivr", ()) for n in range(40)]
    put(account, *rows[::2], expects_new=True)
    changed = [(key, "2", *rest) for key, _digest, *rest in rows[:10]]
    put(account, *changed, *rows[10:], at=LATER, expects_new=True)
    found = stored()
    assert [found[row[0]][0] for row in rows] == ["2"] * 10 + ["1"] * 30
    # Only what changed and what is new was written.
    assert [found[row[0]][-1] for row in rows] == [LATER] * 10 + [NOW, LATER] * 15


def test_who_expects_new_rows_is_told_of_other_errors(writer: str, account: Account) -> None:
    gone = Account(pk=account.pk + 1000, alias="gone")
    rows = [(f"{n:03d}", "1", 5, "ivr", ()) for n in range(40)]
    with pytest.raises(IntegrityError), transaction.atomic():
        put(gone, *rows, expects_new=True)
        connection.check_constraints()
    assert not stored()


def test_keys_of_other_accounts_are_others(writer: str, account: Account) -> None:
    other = Account.objects.create(alias="other")
    put(account, ("a", "1", 5, "ivr", ()))
    put(other, ("a", "2", 5, "ivr", ()))
    assert sorted(CallRecord.objects.values_list("account", "row_digest")) == [
        (account.pk, "1"),
        (other.pk, "2"),
    ]


def test_keys_are_compared_byte_by_byte(writer: str, account: Account) -> None:
    put(account, ("A", "1", 5, "", ()), ("a", "2", 5, "", ()))
    assert {key: row[0] for key, row in stored().items()} == {"A": "1", "a": "2"}


TEXTS = [
    "", "'", '"', "\\", "\\N", "\\'", "''", "%s", "%", "a\tb", "a\nb", "a\r", "NULL", "`", ";--",
    "Ёлка", "日本", "📞", "x" * 128, " ", "\\x41", "{}", "?", ":a", "\x1f",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_comes_back_as_it_was(writer: str, account: Account, text: str) -> None:
    rows = [(key, "1", 5, text, (text, "r")) for key in ("a", "b")]
    put(account, *rows)
    put(account, *rows, ("c", "1", 5, text, ()), at=LATER)
    found = stored()
    assert found["a"] == found["b"] == ("1", from_unix(5), text, [text, "r"], NOW, NOW)
    assert found["c"] == ("1", from_unix(5), text, [], LATER, LATER)


@pytest.mark.database("mariadb")
@pytest.mark.parametrize(
    "setting",
    ["sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES,ANSI_QUOTES')", "NAMES latin1"],
)
def test_texts_are_the_same_in_any_session(account: Account, setting: str) -> None:
    rows = [(f"{n:03d}", "1", 5, text, (text,)) for n, text in enumerate(TEXTS)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@sql_mode")
        (before,) = cursor.fetchone()
        cursor.execute(f"SET {setting}")
        try:
            put(account, *rows)
        finally:
            cursor.execute("SET sql_mode = %s", [before])
            cursor.execute("SET NAMES utf8mb4")
    assert [(row[2], row[3]) for row in stored().values()] == [(text, [text]) for text in TEXTS]


@pytest.mark.parametrize("expects_new", [False, True])
def test_all_texts_of_a_long_batch_come_back(
    writer: str, account: Account, expects_new: bool
) -> None:
    """So many rows that they are sent as texts of whole columns, beside empty times."""
    texts = [*TEXTS, *(f"{text}\\" for text in TEXTS if len(text) < 10)]
    rows = [(f"{n:03d}", "1", n % 2, text, (text,)) for n, text in enumerate(texts)]
    put(account, *rows, expects_new=expects_new)
    assert [(row[1], row[2], row[3]) for row in stored().values()] == [
        (from_unix(1) if n % 2 else None, text, [text]) for n, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0, None),
        (None, None),
        (1_748_090_923, datetime(2025, 5, 24, 12, 48, 43, tzinfo=UTC)),
        (4_102_444_799, datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (59, datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC)),
        (NOW, NOW),
        (NOW.astimezone(), NOW),
    ],
)
def test_times(writer: str, account: Account, given: object, expected: object) -> None:
    put(account, ("a", "1", given, "", ()))
    assert stored()["a"][1] == expected
    # Stored as the ORM stores it: it is found by its value.
    assert CallRecord.objects.get(started_at=expected)


@pytest.mark.parametrize("column", [0, 1, 3])
def test_a_text_too_long_is_refused_and_never_cut(
    writer: str, account: Account, column: int
) -> None:
    row: list[Any] = ["b", "1", 5, "ivr", ()]
    row[column] = "x" * (65 if column == 1 else 129)
    with pytest.raises(DataError), transaction.atomic():
        put(account, ("a", "1", 5, "ivr", ()), tuple(row))
    assert not CallRecord.objects.exists()


def test_more_rows_than_fit_into_one_statement(writer: str, account: Account) -> None:
    many = 300 if writer == "portable without upserts" else 4000
    put(account, *((f"{n:05d}", f"{n:x}", n, "l" * 100, ("r" * 50,)) for n in range(many)))
    put(account, *((f"{n:05d}", f"{n:x}!", n, "m" * 100, ("r" * 50,)) for n in range(1, many, 2)))
    found = stored()
    assert len(found) == many
    for n, (key, row) in enumerate(found.items()):
        assert key == f"{n:05d}"
        assert row[0] == (f"{n:x}!" if n % 2 else f"{n:x}")
        assert row[2] == ("m" if n % 2 else "l") * 100


def test_several_batches_in_one_transaction(writer: str, account: Account) -> None:
    with transaction.atomic():
        put(account, ("a", "1", 5, "", ()), ("b", "1", 5, "", ()))
        with pytest.raises(ValueError), transaction.atomic():
            put(account, ("c", "1", 5, "", ()))
            raise ValueError
        put(account, ("b", "2", 5, "", ()), ("d", "1", 5, "", ()))
    assert {key: row[0] for key, row in stored().items()} == {"a": "1", "b": "2", "d": "1"}


def test_without_columns_to_update_rows_are_made_and_left_alone(
    writer: str, account: Account
) -> None:
    known = Call.objects.create(account=account, entry_id="b", extension="101", legs=[{"a": "ё"}])
    entry_ids = [("a",), ("b",), ("c",)]
    for _again in range(2):
        block_of(
            connection,
            Call,
            ("entry_id",),
            entry_ids,
            key=("account_id", "entry_id"),
            update=(),
            constants={"account_id": account.pk},
        ).write()
    assert list(Call.objects.order_by("entry_id").values_list("entry_id", "extension", "legs")) == [
        ("a", "", []),
        ("b", "101", [{"a": "ё"}]),
        ("c", "", []),
    ]
    assert Call.objects.get(entry_id="b").pk == known.pk


def test_instances(writer: str, account: Account) -> None:
    call = Call.objects.create(account=account, entry_id="a", started_at=NOW)
    call.outcome, call.is_final, call.participants = Call.Outcome.ANSWERED, True, {"1\x1f": "ё'"}
    fresh = Call(account=account, entry_id="b", wait_seconds=3, legs=[{"x": None}])
    upsert(
        Call,
        [call, fresh],
        key=("account", "entry_id"),
        update=("outcome", "is_final", "participants"),
    )
    found = list(Call.objects.order_by("entry_id"))
    assert [one.entry_id for one in found] == ["a", "b"]
    assert found[0].pk == call.pk
    assert (found[0].outcome, found[0].is_final, found[0].participants) == (
        "answered",
        True,
        {"1\x1f": "ё'"},
    )
    assert found[0].started_at == NOW
    assert (found[1].wait_seconds, found[1].is_final, found[1].legs) == (3, False, [{"x": None}])


def test_nothing_to_write_is_no_statement(
    writer: str, account: Account, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        upsert(Call, [], key=("account", "entry_id"), update=())


@pytest.mark.django_db(transaction=True)
@pytest.mark.database("postgresql", "mariadb")
def test_an_unchanged_row_is_locked_until_the_end(writer: str, account: Account) -> None:
    """Whoever comes second waits, though the first one changed nothing."""
    row = ("a", "1", 5, "ivr", ())
    put(account, row)
    order: list[str] = []
    has_lock = threading.Event()

    def second() -> None:
        try:
            has_lock.wait(10)
            put(account, ("a", "2", 5, "ivr", ()), at=LATER)
            order.append("second")
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    with transaction.atomic():
        put(account, row)
        has_lock.set()
        thread.join(0.5)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert stored()["a"][0] == "2"


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_rows_wait_for_each_other(writer: str, account: Account) -> None:
    """Rows are locked in key order, so that there is no deadlock to lose."""
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for turn in range(5):
                rows = [(f"{n:03d}", f"{name}{turn}", 5, "ivr", ()) for n in range(60)]
                with transaction.atomic():
                    put(account, *rows)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    # Batches are whole: one of the two came last, with all its rows.
    assert {row[0] for row in stored().values()} in ({"a4"}, {"b4"})
    assert len(stored()) == 60


def test_a_database_in_another_time_zone(writer: str, account: Account) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL stores moments, not wall clocks")
    real = connections[connection.alias]
    before = real.settings_dict["TIME_ZONE"]
    real.settings_dict["TIME_ZONE"] = "Asia/Tokyo"
    real.__dict__.pop("timezone", None)
    try:
        put(account, ("a", "1", 1_748_090_923, "", ()))
        assert stored()["a"][1] == from_unix(1_748_090_923)
        with connection.cursor() as cursor:
            cursor.execute("SELECT started_at FROM django_mango_callrecord")
            assert str(cursor.fetchone()[0]) == "2025-05-24 21:48:43"
    finally:
        real.settings_dict["TIME_ZONE"] = before
        real.__dict__.pop("timezone", None)
