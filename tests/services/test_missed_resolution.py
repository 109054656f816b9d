"""Missed calls settle themselves, in both directions, whatever is told when (block M)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_mango.models import Account, Call, CallWork, Notification
from django_mango.services import close_by_hand, rebuild_calls
from django_mango.services.errors import PermissionRefused, UserError
from django_mango.services.missed import resolve_clients
from tests.services.calling_bench import Service, permit
from tests.services.import_bench import make_account
from tests.services.telling import (
    CLIENT,
    OTHER,
    Statistics,
    Told,
    attempt,
    event,
    missed,
    moment,
    row,
    settled,
    summary,
    talk,
    tell,
    told,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.mark.parametrize("direction", [1, 2])
def test_a_talk_in_either_direction_settles(account: Account, direction: int) -> None:
    tell(account, missed(), talk(direction=direction))
    assert settled(account) == {"missed": "talk"}


def test_on_any_line_and_in_any_order(account: Account) -> None:
    kind, text = talk()
    tell(account, (kind, text.replace(b"74951234567", b"74957654321")), missed())
    assert settled(account) == {"missed": "talk"}


def test_a_talk_before_and_an_attempt_after_settle_nothing(account: Account) -> None:
    tell(account, talk("before", at=-100), missed(), attempt())
    assert settled(account) == {"missed": None}
    assert Call.objects.unresolved().get().entry_id == "missed"


def test_the_earliest_of_several_talks_and_all_earlier_misses(account: Account) -> None:
    tell(
        account,
        talk("second", at=300),
        missed("a", 0),
        missed("b", 50),
        talk("first", at=100),
        missed("c", 200),
        missed("d", 900),
    )
    assert settled(account) == {"a": "first", "b": "first", "c": "second", "d": None}


def test_a_parallel_talk_counts_and_so_does_one_that_goes_on(account: Account) -> None:
    tell(account, event("parallel", "Connected", 5))
    tell(account, missed("missed", 0))
    assert settled(account) == {"missed": "parallel"}
    assert Call.objects.get(entry_id="parallel").is_live


def test_somebody_else_and_another_account_settle_nothing(account: Account) -> None:
    other = make_account("second")
    tell(account, missed(), talk("of another client", number=OTHER))
    tell(other, talk())
    assert settled(account) == {"missed": None}
    tell(other, missed())
    assert settled(other) == {"missed": "talk"}
    assert settled(account) == {"missed": None}


def test_an_answering_machine_is_nobody(account: Account) -> None:
    """131x with a talk time is an attempt without an answer (outcomes of the table)."""
    tell(account, missed(), talk("machine", at=50, reason=1310))
    assert Call.objects.get(entry_id="machine").outcome == Call.Outcome.NO_ANSWER
    assert settled(account) == {"missed": None}
    tell(account, talk("person", at=500))
    assert settled(account) == {"missed": "person"}


def test_a_machine_known_after_the_talk_seemed_one_takes_the_settling_back(
    account: Account,
) -> None:
    ours = {"from": {"extension": "101"}, "to": {"number": CLIENT}}
    tell(account, missed(), event("machine", "Connected", 60, **ours))
    assert settled(account) == {"missed": "machine"}
    tell(account, talk("machine", at=55, reason=1310))
    assert settled(account) == {"missed": None}


def test_the_end_alone_may_tell_that_it_was_a_machine(account: Account) -> None:
    """The answer stays where it was, the outcome changes."""
    ours = {"from": {"extension": "101"}, "to": {"number": CLIENT}}
    tell(account, missed(), event("machine", "Connected", 60, **ours))
    end = event("machine", "Disconnected", 70, seq=2, disconnect_reason=1310, **ours)
    tell(account, end)
    assert Call.objects.get(entry_id="machine").answered_at == moment(60)
    assert settled(account) == {"missed": None}


def test_a_talk_committed_while_another_one_is_written_is_seen(account: Account) -> None:
    """Whoever writes reads again: the earlier talk came between reading and writing."""
    tell(account, missed())
    done: list[str] = []

    def meanwhile(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and "missed_resolved_at" in sql and not done:
            done.append(sql)
            Call.objects.create(
                account=account,
                entry_id="earlier",
                client_number=f"+{CLIENT}",
                started_at=moment(40),
                answered_at=moment(45),
                outcome=Call.Outcome.ANSWERED,
            )
        return execute(sql, params, *rest)

    with connection.execute_wrapper(meanwhile):
        tell(account, talk())
    assert done
    assert settled(account) == {"missed": "earlier"}


def test_the_internal_and_the_anonymous_settle_nothing(account: Account) -> None:
    internal = told(
        "events/summary",
        entry_id="internal",
        call_direction=0,
        **{"from": {"extension": "101"}, "to": {"extension": "102"}},
        create_time=moment(100).timestamp(),
        talk_time=moment(105).timestamp(),
        end_time=moment(160).timestamp(),
        entry_result=1,
    )
    tell(account, missed("hidden", number=""), talk("hidden talk", number=""), internal)
    assert settled(account) == {"hidden": None}
    assert Call.objects.missed().get().client_number == ""


def test_an_earlier_talk_known_late_takes_over(account: Account, service: Service) -> None:
    """Its notifications were lost, statistics bring it."""
    tell(account, missed(), talk("late", at=500))
    assert settled(account) == {"missed": "late"}
    Statistics(account, service).load([row("early", 100, 160, answered=105)])
    assert settled(account) == {"missed": "early"}


def test_a_missed_call_known_from_statistics_alone(account: Account, service: Service) -> None:
    statistics = Statistics(account, service)
    statistics.load([row("missed", 0, 20), row("talk", 100, 160, answered=110)])
    assert settled(account) == {"missed": "talk"}


def test_a_withdrawn_answer_opens_the_missed_call_again(account: Account, service: Service) -> None:
    """The events said Connected; the summary, which is trusted more, knows no talk."""
    tell(account, missed(), event("seeming", "Connected", 60))
    assert settled(account) == {"missed": "seeming"}
    tell(account, summary("seeming", 55, 80))
    assert settled(account) == {"missed": None, "seeming": None}


def test_a_missed_call_that_was_answered_after_all(account: Account) -> None:
    """A greater summary counts (Q50); what settled it is taken back with the miss."""
    tell(account, missed("first", 0), talk(at=200), missed("second", 100))
    assert settled(account) == {"first": "talk", "second": "talk"}
    tell(account, summary("second", 100, 130, talked=110))
    assert settled(account) == {"first": "second"}


def test_every_order_gives_the_same(account: Account) -> None:
    story = [missed("a", 0), talk("b", 10, direction=1), missed("c", 40), talk("d", 100)]
    expected = {"a": "b", "c": "d"}
    for order in permutations(story):
        Call.objects.all().delete()
        Notification.objects.all().delete()
        tell(account, *order)
        assert settled(account) == expected


STORIES = st.lists(
    st.one_of(
        st.tuples(st.just("missed"), st.integers(0, 300)),
        st.tuples(st.just("talk"), st.integers(0, 300)),
        st.tuples(st.just("attempt"), st.integers(0, 300)),
    ),
    min_size=2,
    max_size=6,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=STORIES, chance=st.randoms(use_true_random=False))
def test_any_story_in_any_order_with_repetitions(
    account: Account, story: list[tuple[str, int]], chance: Any
) -> None:
    build = {"missed": missed, "talk": talk, "attempt": attempt}
    notifications: list[Told] = [
        build[what](f"{n}-{what}", at=at) for n, (what, at) in enumerate(story)
    ]
    seen = []
    for _ in range(2):
        Call.objects.all().delete()
        Notification.objects.all().delete()
        tell(account, *notifications)
        # Two talks may answer in one second: which of them settled is not fixed, when is.
        seen.append(dict(Call.objects.missed().values_list("entry_id", "missed_resolved_at")))
        settled(account)
        notifications = [*notifications, *notifications[:2]]
        chance.shuffle(notifications)
    assert seen[0] == seen[1]
    before = settled(account)
    assert resolve_clients(account, {f"+{CLIENT}"}) == set()
    assert settled(account) == before


def test_nothing_to_write_costs_two_queries(
    account: Account, django_assert_num_queries: Any
) -> None:
    tell(account, missed(), talk())
    with django_assert_num_queries(2):  # missed calls and talks
        resolve_clients(account, {f"+{CLIENT}", ""})


def test_a_number_that_changes_frees_the_old_and_settles_the_new(account: Account) -> None:
    """A leg shows one caller, the summary names the true one."""
    tell(account, missed("old", number=OTHER), missed("new"))
    tell(account, event("talk", "Connected", 60, number=OTHER))
    assert settled(account) == {"old": "talk", "new": None}
    tell(account, talk(at=55, direction=1))
    assert settled(account) == {"old": None, "new": "talk"}


# By hand


@pytest.fixture
def boss(account: Account) -> User:
    user = User.objects.create_user("closer")
    return permit(user, "close_missed", "view_all_calls", "view_call")


def test_closing_by_hand_wins_and_survives_a_rebuild(account: Account, boss: User) -> None:
    tell(account, missed("hidden", number=""))
    call = Call.objects.get()
    work = close_by_hand(boss, call, "  wrote him a letter  ")
    assert (work.closed_by_id, work.closed_reason) == (boss.pk, "wrote him a letter")
    assert work.closed_at is not None
    assert not Call.objects.unresolved().exists()
    rebuild_calls(account)
    assert not Call.objects.unresolved().exists()
    assert CallWork.objects.get().closed_at == work.closed_at
    assert Call.objects.get().missed_resolved_at is None


def test_a_talk_later_leaves_what_was_written_by_hand(account: Account, boss: User) -> None:
    tell(account, missed())
    work = close_by_hand(boss, Call.objects.get(), "spam")
    tell(account, talk())
    assert CallWork.objects.get().closed_reason == work.closed_reason == "spam"
    assert settled(account) == {"missed": "talk"}
    assert not Call.objects.unresolved().exists()


def test_the_first_who_closed_it_stays(account: Account, boss: User) -> None:
    tell(account, missed())
    first = close_by_hand(boss, Call.objects.get(), "first")
    second = User.objects.create_superuser("second")
    again = close_by_hand(second, Call.objects.get(), "second")
    assert (again.closed_by_id, again.closed_reason) == (boss.pk, "first")
    assert again.closed_at == CallWork.objects.get().closed_at
    assert first.pk == again.pk


def test_a_note_taken_before_is_kept(account: Account, boss: User) -> None:
    tell(account, missed())
    CallWork.objects.create(call=Call.objects.get(), note="angry")
    close_by_hand(boss, Call.objects.get(), "calmed down")
    work = CallWork.objects.get()
    assert (work.note, work.closed_reason) == ("angry", "calmed down")


def test_who_may_not_close_and_what_cannot_be_closed(account: Account, boss: User) -> None:
    tell(account, missed(), talk("another", number=OTHER))
    call = Call.objects.get(entry_id="missed")
    for rights in ([], ["close_missed"], ["view_all_calls", "view_call"]):
        user = permit(User.objects.create_user("-".join(rights) or "nobody"), *rights)
        with pytest.raises(PermissionRefused):
            close_by_hand(user, call, "")
    with pytest.raises(UserError) as refused:
        close_by_hand(boss, Call.objects.get(entry_id="another"), "")
    assert refused.value.code == "not_missed"
    assert not CallWork.objects.exists()
