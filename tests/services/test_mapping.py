"""Who is who: suggestions by e-mail, extension and name; the host's own word; nothing guessed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from django_mango.models import Account, Employee, EmployeeAddress
from django_mango.services import employee_of
from django_mango.services.mapping import Row, Sign, Standing, confirm, mapping_of
from tests.services.test_calling_double import at_once
from tests.services.test_scope import mango

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


def employee(account: Account, name: str, extension: str = "", **more: Any) -> Employee:
    row = Employee.objects.create(account=account, name=name, **more)
    if extension:
        EmployeeAddress.objects.create(employee=row, value=extension)
    return row


def user(name: str, **more: Any) -> User:
    return User.objects.create(username=name, is_staff=True, **more)


def row_of(account: Account, employee: Employee) -> Row:
    return next(row for row in mapping_of(account) if row.employee == employee)


def extension_of(user: Any) -> str | None:
    return {"anna": "101", "boris": "102", "vera": " 103 ", "gleb": "не знаю"}.get(user.username)


@pytest.mark.parametrize(
    ("more", "signs"),
    [
        ({"email": "Anna@X.example"}, (Sign.EMAIL,)),
        ({"first_name": "Анна", "last_name": "Семёнова"}, (Sign.NAME,)),
        (
            {"email": "anna@x.example", "first_name": "Семенова", "last_name": "Анна"},
            (Sign.EMAIL, Sign.NAME),
        ),
    ],
)
def test_one_who_fits_is_suggested(
    account: Account, more: dict[str, str], signs: tuple[Sign, ...]
) -> None:
    row = employee(account, "Анна Семёнова", "101", email="anna@x.example")
    anna = user("anna", **more)
    user("boris", email="boris@x.example", first_name="Борис", last_name="Семёнов")
    found = row_of(account, row)
    assert found.standing is Standing.SUGGESTED
    assert found.best is not None
    assert (found.best.user, found.best.signs) == (anna, signs)
    row.refresh_from_db()
    assert row.user is None, "a suggestion is no mapping"


@pytest.mark.parametrize(
    "more",
    [
        {"email": ""},
        {"first_name": "Анна"},
        {"first_name": "Анна", "last_name": "Семёнова Петровна"},
        {"email": "anna@x.example", "is_active": False},
    ],
)
def test_who_fits_badly_is_not_suggested(account: Account, more: dict[str, Any]) -> None:
    row = employee(account, "Анна Семёнова", "101", email="anna@x.example")
    user("anna", **more)
    assert row_of(account, row).standing is Standing.NOT_IN_CRM


def test_the_hosts_extension_is_a_sign(account: Account) -> None:
    row = employee(account, "Кто-то", "101")
    user("anna")
    with mango(EXTENSION_OF=extension_of):
        best = row_of(account, row).best
    assert best is not None
    assert best.signs == (Sign.EXTENSION,)


def test_two_who_fit_are_ambiguous_and_the_better_one_is_not(account: Account) -> None:
    row = employee(account, "Анна Ли", "101", email="a@x.example")
    user("one", first_name="Анна", last_name="Ли")
    user("two", first_name="Анна", last_name="Ли")
    assert row_of(account, row).standing is Standing.AMBIGUOUS
    better = user("three", first_name="Анна", last_name="Ли", email="a@x.example")
    best = row_of(account, row).best
    assert best is not None
    assert best.user == better


def test_one_user_for_two_employees_is_ambiguous(account: Account) -> None:
    rows = [employee(account, "Анна Ли", extension) for extension in ("101", "102")]
    anna = user("anna", first_name="Анна", last_name="Ли")
    assert {row_of(account, row).standing for row in rows} == {Standing.AMBIGUOUS}
    Employee.objects.update(user=anna)
    assert {row_of(account, row).standing for row in rows} == {Standing.AMBIGUOUS}


def test_everybody_is_listed_once(account: Account) -> None:
    anna = user("anna")
    matched = employee(account, "Анна", "101", user=anna)
    stranger = employee(account, "Никто", "102")
    employee(account, "Ушёл", is_active=False)
    alone = user("alone")
    User.objects.create(username="customer")
    found = [(row.standing, row.employee, row.user) for row in mapping_of(account)]
    assert found == [
        (Standing.NOT_IN_CRM, stranger, None),
        (Standing.NOT_IN_PBX, None, alone),
        (Standing.MATCHED, matched, anna),
    ]


def test_a_person_confirms_what_was_suggested_and_nothing_else(account: Account) -> None:
    one = employee(account, "Анна Ли", "101")
    two = employee(account, "Борис Ким", "102")
    anna = user("anna", first_name="Анна", last_name="Ли")
    boris = user("boris", first_name="Борис", last_name="Ким")
    assert confirm(account, {one.pk: str(boris.pk), two.pk: "x", 10**15: str(anna.pk)}) == []
    assert confirm(account, {one.pk: str(anna.pk)}) == [one]
    assert confirm(account, {one.pk: str(anna.pk)}) == []
    one.refresh_from_db()
    assert one.user == anna


def test_nobody_is_given_two_telephones_by_one_click(account: Account) -> None:
    rows = [employee(account, "Анна Ли", extension) for extension in ("101", "102")]
    anna = user("anna", first_name="Анна", last_name="Ли")
    assert confirm(account, {row.pk: str(anna.pk) for row in rows}) == rows[:1]
    assert Employee.objects.filter(user=anna).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_once_give_one_telephone() -> None:
    account = Account.objects.create(alias="default")
    rows = [employee(account, "Анна Ли", extension) for extension in ("101", "102")]
    anna = user("anna", first_name="Анна", last_name="Ли")
    found = at_once(*(lambda row=row: confirm(account, {row.pk: str(anna.pk)}) for row in rows))
    assert sorted(map(len, found)) == [0, 1]
    assert Employee.objects.filter(user=anna).count() == 1


def test_the_number_of_queries_does_not_grow(
    account: Account, django_assert_num_queries: Any
) -> None:
    for number in range(30):
        employee(account, f"Анна {number}", str(200 + number))
        user(f"user{number}", first_name="Анна", last_name=str(number))
    with django_assert_num_queries(3):
        assert len(mapping_of(account)) == 30


def test_the_hosts_word_joins_on_the_first_call(account: Account) -> None:
    known = employee(account, "Анна из АТС", "101")
    anna, boris = user("anna"), user("boris", first_name="Борис", last_name="Ким")
    with mango(EXTENSION_OF=extension_of):
        assert employee_of(anna) == known
        fresh = employee_of(boris)
        assert employee_of(boris) == fresh
    assert fresh is not None
    assert (fresh.name, fresh.extension_at(), fresh.user) == ("Борис Ким", "102", boris)
    known.refresh_from_db()
    assert known.user == anna


def test_a_telephone_of_another_user_is_not_taken_over(account: Account) -> None:
    other = user("other")
    known = employee(account, "Другая", "101", user=other)
    with mango(EXTENSION_OF=extension_of):
        assert employee_of(user("anna")) is None
    known.refresh_from_db()
    assert known.user == other


@pytest.mark.parametrize("name", ["gleb", "nobody"])
def test_what_is_no_extension_is_none(account: Account, name: str) -> None:
    with mango(EXTENSION_OF=extension_of):
        assert employee_of(user(name)) is None
    assert not Employee.objects.exists()


def test_a_failing_hook_is_no_failing_page(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    with mango(EXTENSION_OF=lambda _user: 1 / 0):
        assert employee_of(user("anna")) is None
    assert "EXTENSION_OF" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_requests_of_one_moment_make_one_employee() -> None:
    Account.objects.create(alias="default")
    boris = user("boris")
    values = {"API_KEY": "k", "API_SALT": "s", "EXTENSION_OF": extension_of}
    with override_settings(MANGO=values):
        found = at_once(*[lambda: employee_of(boris)] * 4)
    assert {type(one) for one in found} == {Employee}, found
    assert Employee.objects.count() == 1
