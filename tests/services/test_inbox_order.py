"""The order and the number of deliveries leave the same call, column by column."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from django.utils import timezone

from django_mango.models import Account, Call, Command, Notification
from tests.services.import_bench import (
    Delivery,
    Story,
    calls_of,
    deliver,
    make_account,
    whole_story,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def story() -> Story:
    return whole_story()


@pytest.fixture
def account() -> Account:
    return make_account()


def forget_calls() -> None:
    Notification.objects.all().delete()
    Call.objects.all().delete()


def disordered(chance: random.Random, deliveries: list[Delivery]) -> Iterator[Delivery]:
    """Every delivery once, in any order, every second one again somewhere."""
    mixed = [*deliveries, *(item for item in deliveries if chance.random() < 0.5)]
    chance.shuffle(mixed)
    yield from mixed


@pytest.mark.parametrize("seed", range(4))
def test_shuffled_and_doubled_deliveries_leave_the_same_calls(
    account: Account, story: Story, seed: int
) -> None:
    deliveries = story.deliveries()
    deliver(account, deliveries)
    expected = calls_of(account)
    assert len(expected) == len(story.conversations()) >= 19
    assert all(call["is_final"] for call in expected.values())
    forget_calls()
    deliver(account, disordered(random.Random(seed), deliveries))
    assert calls_of(account) == expected
    assert not Notification.objects.filter(processed_at=None).exists()


def test_backwards_and_with_our_own_command(account: Account) -> None:
    story = Story()
    story.callback("74957778890", command_id="ours")
    deliveries = story.deliveries()
    seen = []
    for order in (deliveries, deliveries[::-1]):
        forget_calls()
        Command.objects.all().delete()
        command = Command.objects.create(
            account=account,
            command_id="ours",
            kind=Command.Kind.CALLBACK,
            status=Command.Status.UNKNOWN,
            payload={},
            created_at=timezone.now(),
        )
        deliver(account, order)
        command.refresh_from_db()
        assert command.status == Command.Status.CONFIRMED
        assert command.call == Call.objects.get()
        seen.append(calls_of(account))
    assert seen[0] == seen[1]
    assert next(iter(seen[0].values()))["command"] == "ours"


def test_the_same_bytes_are_stored_once_and_counted(account: Account, story: Story) -> None:
    delivery = story.deliveries()[0]
    deliver(account, [delivery] * 3)
    assert Notification.objects.get().copies == 2


def test_every_prefix_is_a_valid_call(account: Account, story: Story) -> None:
    for conversation in story.conversations():
        for delivery in conversation:
            deliver(account, [delivery])
            call = Call.objects.get(entry_id=_entry(conversation))
            is_over = call.state == Call.State.FINISHED
            assert (call.ended_at is not None) is is_over
            assert (call.wait_seconds is not None) is is_over
            assert bool(call.outcome) is is_over
            assert bool(call.legs) is not is_over
            assert is_over or not call.is_missed


def test_two_accounts_with_the_same_conversations_never_mix(account: Account, story: Story) -> None:
    other = make_account("second")
    mine, theirs = story.conversations()[0], story.conversations()[1]
    deliver(account, mine)
    deliver(other, [*mine[:1], *theirs])
    whole, part = Call.objects.get(account=account), Call.objects.get(account=other, is_final=False)
    assert whole.entry_id == part.entry_id
    assert whole.state == Call.State.FINISHED != part.state
    assert {party.employee.account for party in whole.parties.select_related("employee__account")
            if party.employee} == {account}  # fmt: skip
    deliver(other, mine)
    first, second = calls_of(account), calls_of(other)
    assert first[whole.entry_id] == second[whole.entry_id]
    assert set(second) - set(first) == {_entry(theirs)}


def _entry(conversation: list[Delivery]) -> str:
    row = Notification.objects.filter(json=conversation[0][1].decode()).first()
    assert row is not None
    return row.entry_id
