"""The demo's people are the PBX's people, and loading them twice changes nothing."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command

from django_mango.models import Employee, EmployeeAddress
from django_mango.protocol import numbers
from django_mango.sandbox import staff
from example_project.crm import team
from example_project.crm.models import Contact

Person = tuple[int, str, str, str, str]


def test_the_team_is_the_staff_of_the_sandbox() -> None:
    ours: set[Person] = {
        (one.pbx_user_id, one.extension, one.name, one.sip, one.mobile) for one in team.PEOPLE
    }
    theirs: set[Person] = {
        (one.user_id, one.extension, one.name, one.sip, one.mobile) for one in staff.EMPLOYEES
    }
    assert ours == theirs


def test_most_regular_callers_of_the_sandbox_are_contacts() -> None:
    spelled = [text for one in team.CUSTOMERS for text in (one.phone, one.mobile) if text]
    known = {numbers.from_text(text).digits for text in spelled}
    assert len(known & set(staff.CUSTOMERS)) >= len(staff.CUSTOMERS) * 3 // 4


def test_every_scripted_contact_has_the_number_its_position_promises() -> None:
    endings = {
        numbers.from_text(one.mobile).digits[-2:]
        for one in team.CUSTOMERS
        if one.mobile.startswith("8 (916) 555-00-")
    }
    assert endings == {"01", "02", "04", "08"}


@pytest.mark.django_db
def test_loading_twice_leaves_the_same_rows() -> None:
    def counts() -> dict[str, int]:
        return {model._meta.label: model._default_manager.count() for model in apps.get_models()}

    call_command("load_team", verbosity=0)
    first = counts()
    call_command("load_team", verbosity=0)
    assert counts() == first
    assert Contact.objects.count() == len(team.CUSTOMERS)
    assert Employee.objects.count() == len(team.PEOPLE)


@pytest.mark.django_db
def test_loading_again_keeps_what_people_changed() -> None:
    call_command("load_team", verbosity=0)
    anna = User.objects.get(username="anna")
    anna.set_password("changed")
    anna.groups.clear()
    anna.save()
    call_command("load_team", verbosity=0)
    anna.refresh_from_db()
    assert anna.check_password("changed")
    assert not anna.groups.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("username", "extension", "sees_all"),
    [("anna", "101", False), ("petr", "102", False), ("maria", "100", True)],
)
def test_people_may_do_their_work(username: str, extension: str, sees_all: bool) -> None:
    call_command("load_team", verbosity=0)
    user = User.objects.get(username=username)
    assert user.is_staff
    assert not user.is_superuser
    assert user.check_password(username)
    assert user.has_perms(["django_mango.place_call", "django_mango.hang_up", "crm.view_contact"])
    assert user.has_perm("django_mango.view_all_calls") is sees_all
    assert user.has_perm("django_mango.run_import") is sees_all
    assert Employee.objects.get(user=user).extension_at() == extension


@pytest.mark.django_db
def test_an_extension_keeps_its_leading_zero() -> None:
    call_command("load_team", verbosity=0)
    address = EmployeeAddress.objects.get(value="0511")
    assert address.employee.name == "Ирина Лебедева"
