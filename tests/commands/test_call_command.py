"""``mango_call`` and ``mango_hangup`` against a PBX that tells the site what happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import responses
from django.contrib.auth import get_user_model
from django.test import override_settings

from django_mango.management import waiting
from django_mango.models import Account, Call, Command, Employee, EmployeeAddress
from django_mango.sandbox import Sandbox
from django_mango.services import place_call
from tests.commands.conftest import KEYS, Ran, employee

Run = Callable[..., Ran]
URL = "http://pbx.test/vpbx/"
#: Endings decide how the sandbox lets a call go: 07 answered, 01 busy, 08 an hour, 09 no money.
ANSWERED, BUSY, LONG, NO_MONEY = "89161234507", "89161234501", "89161234508", "89161234509"

pytestmark = pytest.mark.django_db(transaction=True)


def settled(state: str) -> Call:
    """The only call once it is in a state; notifications arrive in their own time."""
    end = time.monotonic() + 10
    while True:
        call = Call.objects.filter(state=state).first()
        if call is not None:
            return call
        assert time.monotonic() < end, list(Call.objects.values_list("state", "live_call_id"))
        time.sleep(0.01)


def test_a_call_is_placed_for_a_user(run: Run, pbx: Sandbox, anna: Employee) -> None:
    done = run("mango_call", ANSWERED, "--user", "anna")

    command = Command.objects.get()
    assert done.code == 0
    assert done.out.splitlines() == [
        f"Command {command.command_id}",
        "The call is being placed: telephone 101 rings first, then +7 916 123-45-07.",
    ]
    assert (command.user, command.employee) == (anna.user, anna)
    assert command.status == Command.Status.ACCEPTED


def test_a_call_is_placed_from_an_extension_by_the_site_itself(
    run: Run, pbx: Sandbox, petr: Employee
) -> None:
    done = run("mango_call", ANSWERED, "--extension", "102", "--line", "74951234567")

    command = Command.objects.get()
    assert done.code == 0
    assert (command.user, command.employee) == (None, petr)
    assert command.payload["line_number"] == "74951234567"


def test_waiting_tells_how_the_call_ended(run: Run, office: Sandbox, anna: Employee) -> None:
    done = run("mango_call", ANSWERED, "--user", "anna", "--wait", "30")

    call = Call.objects.get()
    assert done.code == 0
    assert call.is_final
    assert done.out.splitlines()[-1] == (
        f"outgoing, +7 916 123-45-07, answered, wait {call.wait_seconds} s,"
        f" talk {call.talk_seconds} s"
    )


def test_a_busy_client_is_said_and_is_no_failure_of_the_command(
    run: Run, office: Sandbox, anna: Employee
) -> None:
    done = run("mango_call", BUSY, "--user", "anna", wait="30")

    assert done.code == 0
    assert "busy" in done.out.splitlines()[-1]


def test_a_call_that_outlasts_the_waiting_goes_on(
    run: Run, office: Sandbox, anna: Employee
) -> None:
    first = run("mango_call", LONG, "--user", "anna")
    settled(Call.State.TALKING)

    done = run("mango_call", LONG, "--user", "anna", "--wait", "0.01")

    assert first.code == done.code == 0
    assert Command.objects.count() == 1, "the second command is the running one"
    assert done.out.splitlines()[-1].startswith("The call goes on: outgoing, +7 916 123-45-08")


def test_waiting_without_news_is_a_failure(run: Run, pbx: Sandbox, anna: Employee) -> None:
    done = run("mango_call", ANSWERED, "--user", "anna", "--wait", "0.01")

    assert done.code == 1
    assert "No news of the call" in done.error


def test_a_refusal_of_the_pbx_is_1_with_its_words(run: Run, pbx: Sandbox, anna: Employee) -> None:
    done = run("mango_call", NO_MONEY, "--user", "anna", "--wait", "30")

    assert done.code == 1
    assert "2240" in done.error
    assert Command.objects.get().status == Command.Status.REFUSED


def test_a_lost_answer_is_1_and_nothing_is_repeated(
    run: Run, anna: Employee, settings: Any
) -> None:
    settings.MANGO = {**KEYS, "API_URL": URL}
    with responses.RequestsMock() as wire:
        wire.post(f"{URL}commands/callback", body="<html>bad gateway</html>", status=502)
        done = run("mango_call", ANSWERED, "--user", "anna")
        assert len(wire.calls) == 1

    assert done.code == 1
    assert "may or may not have acted" in done.error
    assert Command.objects.get().status == Command.Status.UNKNOWN


def test_a_pbx_that_is_down_is_1_and_nothing_was_sent(run: Run, anna: Employee) -> None:
    with override_settings(MANGO={**KEYS, "API_URL": "http://127.0.0.1:9/vpbx/"}):
        done = run("mango_call", ANSWERED, "--user", "anna")

    assert done.code == 1
    assert "Nothing was sent" in done.error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("not a number", "--user", "anna"), ""),
        ((ANSWERED, "--user", "nobody"), "no active user “nobody”"),
        ((ANSWERED, "--user", "petr"), "You may not place calls"),
        ((ANSWERED, "--extension", "999"), "has the extension 999"),
        ((ANSWERED, "--user", "anna", "--account", "other"), "no PBX account “other”"),
        ((ANSWERED, "--user", "anna", "--wait", "soon"), "no number of seconds"),
        (("112", "--user", "anna"), ""),
        (("+44 20 7946 0958", "--user", "anna"), ""),
    ],
)
def test_bad_input_is_2_and_leaves_no_command(
    run: Run,
    pbx: Sandbox,
    anna: Employee,
    petr: Employee,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    done = run("mango_call", *arguments)

    assert done.error
    assert said in done.error
    assert done.out == ""
    assert not Command.objects.exclude(problem=Command.Problem.NOT_ALLOWED).exists()
    if "--wait" not in arguments:
        assert done.code == 2


def test_an_inactive_user_or_employee_has_no_telephone(
    run: Run, pbx: Sandbox, anna: Employee
) -> None:
    Employee.objects.update(is_active=False)
    assert run("mango_call", ANSWERED, "--extension", "101").code == 2
    assert run("mango_call", ANSWERED, "--user", "anna").code == 2
    get_user_model().objects.update(is_active=False)
    assert "no active user" in run("mango_call", ANSWERED, "--user", "anna").error


def test_a_live_call_is_ended_by_its_employee(run: Run, office: Sandbox, anna: Employee) -> None:
    run("mango_call", LONG, "--user", "anna")
    settled(Call.State.TALKING)

    done = run("mango_hangup", "--user", "anna")

    assert done == Ran(0, "The call is being ended.\n", "", "")
    call = settled(Call.State.FINISHED)
    assert call.outcome == Call.Outcome.ANSWERED
    assert [one.kind for one in Command.objects.order_by("pk")] == ["callback", "hangup"]


@pytest.mark.parametrize("by", ["pk", "entry_id", "extension"])
def test_the_site_itself_ends_any_call(run: Run, office: Sandbox, anna: Employee, by: str) -> None:
    office.incoming_call("79161230000", to="101", talk_seconds=3600)
    call = settled(Call.State.TALKING)
    which = ("--extension", "101") if by == "extension" else (str(getattr(call, by)),)

    done = run("mango_hangup", *which)

    assert done.code == 0, done
    settled(Call.State.FINISHED)
    again = run("mango_hangup", call.entry_id)
    assert again == Ran(0, "The call is over already.\n", "", "")


def test_a_user_without_the_right_ends_nothing(
    run: Run, office: Sandbox, anna: Employee, petr: Employee
) -> None:
    office.incoming_call("79161230000", to="101", talk_seconds=3600)
    call = settled(Call.State.TALKING)

    done = run("mango_hangup", "--user", "petr")
    assert (done.code, done.error) == (2, "Пётр Иванов is in no call now.")
    call.refresh_from_db()
    assert call.is_live


def test_what_cannot_be_ended_is_2(run: Run, pbx: Sandbox, anna: Employee) -> None:
    assert "no call “777”" in run("mango_hangup", "777").error
    assert "no call “MTIz”" in run("mango_hangup", "MTIz").error
    assert "in no call now" in run("mango_hangup", "--extension", "101").error
    outsider = get_user_model().objects.create_user("outsider")
    assert "no employee of the PBX" in run("mango_hangup", "--user", outsider.username).error
    assert {run("mango_hangup", text).code for text in ("777", "٣", "9" * 40)} == {2}
    assert not Command.objects.exists()


def test_with_several_calls_nobody_guesses(run: Run, pbx: Sandbox, anna: Employee) -> None:
    for entry in ("one", "two"):
        Call.objects.create(
            account=anna.account, entry_id=entry, employee=anna, state=Call.State.TALKING
        )

    done = run("mango_hangup", "--extension", "101")

    assert done.code == 2
    assert all(str(pk) in done.error for pk in Call.objects.values_list("pk", flat=True))


def test_the_same_entry_in_two_accounts_needs_the_account(run: Run, pbx: Sandbox) -> None:
    second = {"API_KEY": "k", "API_SALT": "s", "API_URL": pbx.url}
    accounts = {"north": {**KEYS, "API_URL": pbx.url}, "south": second}
    with override_settings(MANGO={"ACCOUNTS": accounts}):
        for alias in accounts:
            account = Account.objects.create(alias=alias)
            Call.objects.create(account=account, entry_id="same", state=Call.State.FINISHED)
        assert "Several calls" in run("mango_hangup", "same").error
        assert run("mango_hangup", "same", "--account", "south").code == 0


def test_waiting_looks_now_and_then_and_ends_in_time(pbx: Sandbox, anna: Employee) -> None:
    command = place_call(None, ANSWERED, employee=anna)
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    assert waiting.for_end(command, 1.2, sleep=sleep, clock=lambda: now[0]) is None
    assert slept == pytest.approx([0.5, 0.5, 0.2])


def test_waiting_ends_with_the_call_or_with_a_refusal(pbx: Sandbox, anna: Employee) -> None:
    command = place_call(None, ANSWERED, employee=anna)
    call = Call.objects.create(
        account=anna.account, entry_id="e", command=command, state=Call.State.FINISHED
    )
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            Call.objects.update(is_final=True)

    assert waiting.for_end(command, 60, sleep=sleep, clock=lambda: 0.0) == call
    assert len(looks) == 3, "a provisional end is not the end"

    call.delete()
    Command.objects.update(status=Command.Status.FAILED)
    assert waiting.for_end(command, 60, sleep=sleep, clock=lambda: 0.0) is None
    assert len(looks) == 3


def test_an_employee_is_found_by_the_extension_he_has_now(
    run: Run, pbx: Sandbox, anna: Employee
) -> None:
    from django.utils import timezone

    EmployeeAddress.objects.update(valid_to=timezone.now())
    newcomer = employee("olga", "Ольга", "0511")
    EmployeeAddress.objects.create(employee=newcomer, value="101", valid_from=timezone.now())
    EmployeeAddress.objects.filter(value="0511").update(valid_to=None)

    assert run("mango_call", ANSWERED, "--extension", "101").code == 0
    assert Command.objects.get().employee == newcomer
    assert run("mango_call", BUSY, "--extension", "511").code == 2
