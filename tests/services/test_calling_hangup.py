"""Which leg is ended, by whom, as things are at the moment of the click (Q88)."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mango.models import Account, Call, CallParty, Command, EmployeeAddress
from django_mango.services import NothingToHangUp, PermissionRefused, UserError, hang_up
from django_mango.services.calling import may_hang_up
from tests.services.calling_bench import Service, Team, hire, leg, permit

pytestmark = pytest.mark.django_db


def ended(user: User | None, call: Call) -> str:
    """The leg a hang-up of the user names; afterwards the journal is as before."""
    command = hang_up(user, call)
    assert command.status == Command.Status.ACCEPTED
    named = str(command.payload["call_id"])
    command.delete()
    return named


def refused(error: type[UserError], user: User, call: Call) -> str:
    with pytest.raises(error) as caught:
        hang_up(user, call)
    assert not may_hang_up(user, call)
    assert Command.objects.count() == 0
    assert str(caught.value).isprintable()
    return caught.value.code


def test_own_talk_before_own_ringing_before_own_held(team: Team, pbx: Service) -> None:
    call = team.live_call(
        leg("held", "OnHold"),
        leg("ringing", "Appeared"),
        leg("talk", "Connected", with_client=False),
        leg("of boris", "Connected", "102"),
    )
    for left in ("talk", "ringing", "held"):
        assert may_hang_up(team.anna, call)
        assert ended(team.anna, call) == left
        call.legs = [one for one in call.legs if one["call_id"] != left]
        call.save()
    assert refused(NothingToHangUp, team.anna, call) == "no_leg"


def test_the_leg_of_this_moment(team: Team, pbx: Service) -> None:
    """The page is minutes old; the row it was made from is not asked."""
    shown = team.live_call(leg("first"))
    Call.objects.update(legs=[leg("second")])
    assert shown.legs[0]["call_id"] == "first"
    assert ended(team.anna, shown) == "second"


def test_any_of_ones_telephones(team: Team, pbx: Service) -> None:
    EmployeeAddress.objects.create(employee=team.anna_employee, value="555")
    call = team.live_call(leg("in the van", "Connected", "555"))
    assert ended(team.anna, call) == "in the van"
    both = team.live_call(
        leg("desk", "Appeared", "101"), leg("van", "Connected", "555"), entry_id="2"
    )
    assert ended(team.anna, both) == "van"


def test_only_a_queue(team: Team, pbx: Service) -> None:
    call = team.live_call(leg("waits", "Appeared", "", location="queue"))
    for user in (team.anna, team.boss):
        assert refused(NothingToHangUp, user, call) == "no_leg"
    assert pbx.requests == []


def test_a_finished_call(team: Team, pbx: Service) -> None:
    call = team.live_call(state=Call.State.FINISHED)
    assert refused(NothingToHangUp, team.anna, call) == "already_ended"


def test_a_call_without_legs(team: Team, pbx: Service) -> None:
    call = team.live_call()
    Call.objects.update(legs=[])
    assert refused(NothingToHangUp, team.boss, call) == "no_leg"


def test_a_call_that_is_gone(team: Team, pbx: Service) -> None:
    call = team.live_call()
    Call.objects.all().delete()
    refused(PermissionRefused, team.anna, call)


def test_the_calls_of_others(team: Team, pbx: Service) -> None:
    call = team.live_call(leg("of boris", "Connected", "102"), employee=team.boris_employee)
    refused(PermissionRefused, team.anna, call)
    anna = permit(team.anna, "view_all_calls")
    assert refused(NothingToHangUp, anna, call) == "no_leg"
    anna = permit(anna, "hang_up_any")
    assert ended(anna, call) == "of boris"
    assert ended(team.boss, call) == "of boris"
    assert ended(None, call) == "of boris", "the site itself"


def test_ending_any_call_does_not_mean_seeing_it(team: Team, pbx: Service) -> None:
    call = team.live_call(leg("of boris", "Connected", "102"), employee=team.boris_employee)
    refused(PermissionRefused, permit(team.anna, "hang_up_any"), call)


def test_seeing_a_call_does_not_mean_ending_it(team: Team, pbx: Service) -> None:
    viewer = permit(User.objects.create_user("viewer"), "view_all_calls")
    refused(PermissionRefused, viewer, team.live_call())


def test_who_took_part_may_end_his_leg(team: Team, pbx: Service) -> None:
    """A call transferred from Boris to Anna is seen by both, each ends his own."""
    call = team.live_call(leg("of anna", "Connected", "101"), employee=team.boris_employee)
    CallParty.objects.create(
        call=call, account=team.account, employee=team.anna_employee, extension="101", role="callee"
    )
    assert ended(team.anna, call) == "of anna"
    assert refused(NothingToHangUp, team.boris, call) == "no_leg"


def test_the_boss_ends_what_the_client_hears(team: Team, pbx: Service) -> None:
    call = team.live_call(
        leg("menu", "Connected", "", location="ivr"),
        leg("consultation", "Connected", "102", with_client=False),
        leg("held", "OnHold", "101"),
    )
    assert ended(team.boss, call) == "held"


def test_an_extension_of_another_pbx(team: Team, pbx: Service, settings: Any) -> None:
    """101 of one PBX is not 101 of another."""
    keys = {"API_KEY": "k", "API_SALT": "s"}
    settings.MANGO = {**settings.MANGO, "ACCOUNTS": {"default": keys, "other": keys}}
    other = Account.objects.create(alias="other")
    stranger = hire(other, None, "101")
    call = team.live_call(account=other, employee=stranger, entry_id="theirs")
    refused(PermissionRefused, team.anna, call)
    refused(NothingToHangUp, permit(team.anna, "view_all_calls"), call)


def test_the_command_remembers_its_call(team: Team, pbx: Service) -> None:
    call = team.live_call()
    command = Command.objects.get(pk=hang_up(team.anna, call).pk)
    assert (command.call, command.user, command.employee) == (call, team.anna, team.anna_employee)
    assert command.kind == Command.Kind.HANGUP
    assert call.commands.get() == command
