"""Whose calls a user sees: own, team, all; groups, hook, unmapped people."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import override_settings
from django.utils import timezone

from django_mango.models import Account, Call, CallParty, Command, Employee, Recording
from tests.services.calling_bench import permit

pytestmark = pytest.mark.django_db


def mango(**values: Any) -> override_settings:
    return override_settings(MANGO={**settings.MANGO, **values})


class House:
    """Anna and Boris sell, Vera buys, Gleb leads sales; Dina has left the CRM, not the PBX."""

    def __init__(self) -> None:
        self.account = Account.objects.create(alias="default")
        self.sales = Group.objects.create(name="sales")
        self.users = {
            name: User.objects.create_user(name) for name in ("anna", "boris", "vera", "gleb")
        }
        for name in ("anna", "boris", "gleb"):
            self.users[name].groups.add(self.sales)
        self.people = {
            name: Employee.objects.create(account=self.account, name=name, user=user)
            for name, user in self.users.items()
        }
        self.people["dina"] = Employee.objects.create(account=self.account, name="dina")
        for name in (*self.people, ""):
            self.call(name, owner=name)

    def call(self, name: str, *, owner: str = "") -> Call:
        return Call.objects.create(
            account=self.account,
            entry_id=name or "stranger",
            employee=self.people.get(owner),
            state=Call.State.FINISHED,
            started_at=timezone.now(),
        )

    def sees(self, name: str) -> set[str]:
        user = User.objects.get(username=name)
        return set(Call.objects.visible_to(user).values_list("entry_id", flat=True))


@pytest.fixture
def house() -> House:
    return House()


def test_without_a_right_nothing(house: House) -> None:
    assert house.sees("anna") == set()
    assert not Call.objects.visible_to(AnonymousUser()).exists()


def test_own_calls(house: House) -> None:
    permit(house.users["anna"], "view_call")
    assert house.sees("anna") == {"anna"}


def test_a_transferred_call_belongs_to_both_who_talked(house: House) -> None:
    permit(house.users["anna"], "view_call")
    CallParty.objects.create(
        call=Call.objects.get(entry_id="boris"),
        account=house.account,
        employee=house.people["anna"],
        extension="101",
        role="callee",
    )
    assert house.sees("anna") == {"anna", "boris"}


def test_a_call_belongs_to_who_placed_it(house: House) -> None:
    permit(house.users["anna"], "view_call")
    command = Command.objects.create(
        account=house.account,
        command_id="c",
        kind="callback",
        user=house.users["anna"],
        created_at=timezone.now(),
    )
    Call.objects.filter(entry_id="vera").update(command=command)
    assert house.sees("anna") == {"anna", "vera"}


def test_the_team_shares_a_group(house: House) -> None:
    permit(house.users["gleb"], "view_team_calls")
    assert house.sees("gleb") == {"anna", "boris", "gleb"}


def test_a_leader_without_a_group_sees_his_own(house: House) -> None:
    permit(house.users["vera"], "view_team_calls")
    assert house.sees("vera") == {"vera"}


def team_as_query(user: Any) -> Any:
    return User.objects.filter(username__in=["vera"]).order_by("username")


@pytest.mark.parametrize(
    "hook",
    [
        lambda _user: User.objects.filter(username="vera"),
        lambda _user: list(User.objects.filter(username="vera")),
        lambda _user: [User.objects.get(username="vera").pk],
        lambda _user: (one for one in User.objects.filter(username="vera")),
        "tests.services.test_scope.team_as_query",
    ],
)
def test_the_team_of_a_hook(house: House, hook: Any) -> None:
    permit(house.users["gleb"], "view_team_calls")
    with mango(TEAM_OF=hook):
        assert house.sees("gleb") == {"vera", "gleb"}


def test_a_failing_hook_shows_nothing_of_others(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    permit(house.users["gleb"], "view_team_calls")
    with mango(TEAM_OF=lambda _user: 1 / 0):
        assert house.sees("gleb") == {"gleb"}
    assert "TEAM_OF" in caplog.text


def test_all(house: House) -> None:
    permit(house.users["vera"], "view_all_calls")
    assert house.sees("vera") == {"anna", "boris", "vera", "gleb", "dina", "stranger"}


def test_calls_of_people_unknown_to_the_crm_are_given_to_a_user(house: House) -> None:
    permit(house.users["anna"], "view_call")
    permit(house.users["boris"], "view_call")
    with mango(UNMAPPED_CALLS_TO="anna"):
        assert house.sees("anna") == {"anna", "dina", "stranger"}
        assert house.sees("boris") == {"boris"}


def test_who_was_dismissed_sees_nothing(house: House) -> None:
    for right in ("view_call", "view_team_calls", "view_all_calls"):
        permit(house.users["anna"], right)
    User.objects.filter(username="anna").update(is_active=False)
    assert house.sees("anna") == set()


def test_a_scope_can_be_filtered_sorted_and_counted(house: House) -> None:
    """The union is a subquery: all a list does with a query set goes on working."""
    permit(house.users["gleb"], "view_team_calls")
    calls = Call.objects.visible_to(User.objects.get(username="gleb"))
    assert [one.entry_id for one in calls.filter(state="finished").order_by("entry_id")] == [
        "anna", "boris", "gleb",
    ]  # fmt: skip
    assert calls[:2].count() == 2
    assert calls.exclude(entry_id="anna").count() == 2
    assert calls.select_related("employee").distinct().count() == 3


def test_recordings_have_the_scope_of_their_calls_and_rights_of_their_own(house: House) -> None:
    anna = house.users["anna"]
    for name in ("anna", "boris"):
        Recording.objects.create(
            account=house.account,
            recording_id=name,
            call=Call.objects.get(entry_id=name),
        )
    Recording.objects.create(account=house.account, recording_id="of no call")

    def ids(rows: Any) -> set[str]:
        return set(rows.values_list("recording_id", flat=True))

    anna = permit(anna, "view_call")
    assert ids(Recording.objects.visible_to(anna)) == {"anna"}
    assert ids(Recording.objects.audible_to(anna)) == set()
    anna = permit(anna, "download_recording")
    assert ids(Recording.objects.downloadable_by(anna)) == set()
    anna = permit(anna, "listen_recording")
    assert ids(Recording.objects.audible_to(anna)) == {"anna"}
    assert ids(Recording.objects.downloadable_by(anna)) == {"anna"}
    anna = permit(anna, "view_all_calls")
    assert ids(Recording.objects.visible_to(anna)) == {"anna", "boris", "of no call"}


def test_commands_are_seen_by_whose_calls_they_are(house: House) -> None:
    for name in ("anna", "boris", "vera"):
        Command.objects.create(
            account=house.account,
            command_id=name,
            kind="callback",
            user=house.users[name],
            created_at=timezone.now(),
        )

    def ids(name: str) -> set[str]:
        rows = Command.objects.visible_to(User.objects.get(username=name))
        return set(rows.values_list("command_id", flat=True))

    assert ids("anna") == {"anna"}
    permit(house.users["gleb"], "view_team_calls")
    assert ids("gleb") == {"anna", "boris"}
    permit(house.users["vera"], "view_all_calls")
    assert ids("vera") == {"anna", "boris", "vera"}
