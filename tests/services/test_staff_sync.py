"""Employees, groups and lines from the PBX: periods, hand-made rows, odd answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_mango.client import Client, Gate
from django_mango.models import Account, Call, CallParty, Employee, EmployeeAddress, Group, Line
from django_mango.protocol.errors import ServiceError
from django_mango.protocol.signing import Credentials
from django_mango.services import account_for
from django_mango.services.errors import DirectoryRefused
from django_mango.services.owning import own_calls
from django_mango.services.staff import SyncReport, sync_staff
from django_mango.testing import running_sandbox
from tests.services.calling_bench import KEY, SALT, Service, mango, reply
from tests.services.telling import OTHER, talk, tell
from tests.services.test_calling_double import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def member(user_id: int | None, extension: str, name: str = "", **general: Any) -> dict[str, Any]:
    numbers = general.pop("numbers", [])
    return {
        "general": {"user_id": user_id, "name": name or f"P{user_id}", "email": None, **general},
        "telephony": {"extension": extension, "outgoingline": None, "numbers": numbers},
    }


class Pbx:
    """A service whose company can be changed between two synchronisations."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.users: list[Any] = []
        self.groups: list[Any] = []
        self.lines: list[Any] = []

    def sync(self, *users: Any, **options: Any) -> SyncReport:
        self.users = list(users) or self.users
        self.service.replies = [
            reply({"users": self.users}),
            reply({"result": 1000, "groups": self.groups}),
            reply({"result": 1000, "lines": self.lines}),
        ]
        with self.client() as client:
            return sync_staff(client=client, **options)

    def client(self) -> Client:
        """Without limits: the staff may be asked for every two seconds only (§1.4.2)."""
        return Client(Credentials(KEY, SALT), api_url=self.service.url, gate=Gate({}))


@pytest.fixture
def company(service: Service, settings: Any) -> Pbx:
    settings.MANGO = mango(service.url)
    return Pbx(service)


def has(name: str, kind: str = "extension", **valid: Any) -> list[str]:
    rows = EmployeeAddress.objects.filter(employee__name=name, kind=kind)
    return sorted(rows.valid_at(valid.get("at") or timezone.now()).values_list("value", flat=True))


def test_what_is_asked(company: Pbx) -> None:
    company.sync(member(1, "101"))
    asked = {one.path.rpartition("vpbx/")[2]: one.payload for one in company.service.requests}
    assert asked == {
        "config/users/request": {
            "ext_fields": ["general.user_id", "general.sips", "general.mobile"]
        },
        "groups": {},
        "incominglines": {},
    }


def test_the_first_time(company: Pbx) -> None:
    report = company.sync(
        member(
            1,
            "0511",
            "Анна",
            email="anna@x.example",
            sips=[{"number": "Anna@Romashka.mangosip.ru"}],
            mobile="79161234567",
            numbers=[
                {"number": "sip:anna@romashka.mangosip.ru", "protocol": "sip", "order": "0"},
                {"number": "1212121", "number_normalized": "74951212121", "protocol": "tel"},
                {"number": "mobile", "number_normalized": "", "protocol": "tel"},
                {"number": "anna.skype", "protocol": "skype"},
            ],
        ),
        member(2, "", "Без номера"),
    )
    assert (report.employees, report.added, report.bad) == (2, 2, 0)
    anna = Employee.objects.get(pbx_user_id=1)
    assert (anna.email, anna.extension_at(), anna.is_active) == ("anna@x.example", "0511", True)
    assert has("Анна", "sip") == ["anna@romashka.mangosip.ru"]
    assert has("Анна", "number") == ["+74951212121", "+79161234567"]
    # All along: calls of before the installation are hers too.
    assert has("Анна", at=timezone.now() - timedelta(days=900)) == ["0511"]


def test_again_nothing_changes(company: Pbx) -> None:
    company.sync(member(1, "101", "Анна", mobile="79161234567"))
    before = list(EmployeeAddress.objects.values())
    report = company.sync()
    assert (report.added, report.changed, report.gone, report.taken) == (0, 0, 0, set())
    assert list(EmployeeAddress.objects.values()) == before


def test_an_extension_changes_hands_and_history_stays(company: Pbx) -> None:
    company.sync(member(1, "101", "Анна"), member(2, "102", "Борис"))
    company.sync(member(1, "102", "Анна"), member(2, "101", "Борис"))
    long_ago = timezone.now() - timedelta(days=30)
    assert (has("Анна"), has("Борис")) == (["102"], ["101"])
    assert (has("Анна", at=long_ago), has("Борис", at=long_ago)) == (["101"], ["102"])


def test_who_left_is_switched_off_and_the_successor_has_the_extension_from_now_on(
    company: Pbx,
) -> None:
    company.sync(member(1, "101", "Анна"), member(2, "102", "Борис"))
    report = company.sync(member(2, "102", "Борис"), member(3, "101", "Вера"))
    assert (report.gone, report.added) == (1, 1)
    assert not Employee.objects.get(pbx_user_id=1).is_active
    long_ago = timezone.now() - timedelta(days=30)
    assert (has("Анна"), has("Вера")) == ([], ["101"])
    assert (has("Анна", at=long_ago), has("Вера", at=long_ago)) == (["101"], [])


def test_who_comes_back_is_the_same_person(company: Pbx) -> None:
    company.sync(member(1, "101", "Анна"), member(2, "102", "Борис"))
    company.sync(member(2, "102", "Борис"))
    company.sync(member(1, "101", "Анна"), member(2, "102", "Борис"))
    assert Employee.objects.count() == 2
    assert has("Анна") == ["101"]


def test_an_extension_of_two_is_nobodys_but_its_first_owners(company: Pbx) -> None:
    report = company.sync(member(1, "101", "Анна"), member(2, "101", "Борис"))
    assert report.shared == ["101"]
    assert (has("Анна"), has("Борис")) == ([], [])
    company.sync(member(1, "101", "Анна"), member(2, "102", "Борис"))
    report = company.sync(member(1, "101", "Анна"), member(2, "101", "Борис"))
    assert (has("Анна"), has("Борис")) == (["101"], [])


def test_people_entered_by_hand_are_adopted_by_their_extension(company: Pbx) -> None:
    user = User.objects.create(username="anna")
    by_hand = Employee.objects.create(account=account_for(), name="anna", user=user)
    EmployeeAddress.objects.create(employee=by_hand, value="101")
    report = company.sync(member(1, "101", "Анна Смирнова"))
    assert report.added == 0
    by_hand.refresh_from_db()
    assert (by_hand.pbx_user_id, by_hand.name, by_hand.user) == (1, "Анна Смирнова", user)
    assert EmployeeAddress.objects.count() == 1
    company.sync(member(1, "102", "Анна Смирнова"))
    assert has("Анна Смирнова") == ["102"]


def test_what_was_added_by_hand_stays_unless_it_is_somebody_elses(company: Pbx) -> None:
    company.sync(member(1, "101", "Анна"))
    anna = Employee.objects.get()
    for value in ("+79990000001", "+79990000002"):
        EmployeeAddress.objects.create(employee=anna, kind="number", value=value)
    company.sync(member(1, "101", "Анна"), member(2, "102", "Борис", mobile="79990000002"))
    assert has("Анна", "number") == ["+79990000001"]
    assert has("Борис", "number") == ["+79990000002"]


def test_lines_and_groups(company: Pbx) -> None:
    account = account_for()
    Line.objects.create(account=account, number="74951234567", name="Наша главная")
    Line.objects.create(account=account, number="74950000000", name="Старая")
    company.lines = [
        {"line_id": 1, "number": "74951234567", "name": "", "comment": "Москва"},
        {"line_id": 2, "number": "sip:w@x.mangosip.ru", "name": "Склад", "region": "sip-uac"},
        {"line_id": 3, "number": None},
    ]
    company.groups = [{"id": 5, "extension": "301", "name": "Продажи"}, "rubbish", None]
    report = company.sync(member(1, "101"))
    assert (report.lines, report.groups, report.bad) == (2, 1, 3)
    assert dict(Line.objects.filter(is_active=True).values_list("number", "name")) == {
        "74951234567": "Наша главная",
        "sip:w@x.mangosip.ru": "Склад",
    }
    assert not Line.objects.get(number="74950000000").is_active
    assert Group.objects.get().name == "Продажи"


@pytest.mark.parametrize("users", [[], None, "no list"])
def test_an_empty_answer_wipes_nothing(company: Pbx, users: Any) -> None:
    company.sync(member(1, "101", "Анна"))
    company.users = users
    with pytest.raises(DirectoryRefused):
        company.sync()
    assert has("Анна") == ["101"]


def test_rubbish_among_the_people_harms_no_other(company: Pbx) -> None:
    report = company.sync(
        member(1, "101", "Анна"),
        None,
        {"general": 5, "telephony": []},
        member(None, "103"),
        member(2, "x" * 500),
        member(3, "104", "Имя\0с нулём", numbers={"number": "1"}),
        {"general": {"user_id": "4", "name": None}, "telephony": {"extension": 105}},
    )
    assert (report.employees, report.bad) == (3, 4)
    assert sorted(Employee.objects.values_list("pbx_user_id", flat=True)) == [1, 3, 4]
    assert Employee.objects.get(pbx_user_id=4).extension_at() == "105"
    assert Employee.objects.get(pbx_user_id=3).name == "Имяс нулём"


def test_a_refusal_changes_nothing_and_tells_no_secret(company: Pbx) -> None:
    company.sync(member(1, "101", "Анна"))
    company.service.replies = [reply({"result": 3102, "message": f"{KEY} {SALT}"})]
    with pytest.raises(ServiceError) as refused, company.client() as client:
        sync_staff(client=client)
    assert KEY not in str(refused.value)
    assert SALT not in str(refused.value)
    assert has("Анна") == ["101"]


def test_trying_changes_nothing(company: Pbx) -> None:
    report = company.sync(member(1, "101"), dry_run=True)
    assert report.added == 1
    assert not Employee.objects.exists()
    assert not Line.objects.exists()


def test_accounts_do_not_mix(company: Pbx, settings: Any) -> None:
    other = Account.objects.create(alias="other")
    twin = Employee.objects.create(account=other, name="Чужая", pbx_user_id=1)
    EmployeeAddress.objects.create(employee=twin, value="101")
    company.sync(member(1, "101", "Анна"))
    assert Employee.objects.count() == 2
    assert (has("Чужая"), has("Анна")) == (["101"], ["101"])


def test_calls_known_before_get_their_owner(company: Pbx) -> None:
    account = account_for()
    tell(account, talk("by extension"), talk("of another", number=OTHER))
    nobody = Call.objects.get(entry_id="by extension")
    assert nobody.employee is None
    report = company.sync(member(1, "101", "Анна"))
    assert own_calls(account, report.taken) == 2
    assert set(Call.objects.values_list("employee__name", flat=True)) == {"Анна"}
    assert set(CallParty.objects.values_list("employee__name", flat=True)) == {"Анна"}
    assert own_calls(account, report.taken) == 0


def test_the_sandbox_company_comes_whole(settings: Any) -> None:
    with running_sandbox(enforce_limits=False) as pbx:
        settings.MANGO = mango(pbx.url, API_KEY="demo-key", API_SALT="demo-salt")
        report = sync_staff()
    assert (report.employees, report.groups, report.lines, report.bad) == (7, 2, 3, 0)
    assert has("Ирина Лебедева") == ["0511"]


def test_two_of_one_moment_write_everybody_once(company: Pbx) -> None:
    people = [member(number, str(100 + number)) for number in range(1, 9)]
    company.users = people
    # Whoever asks, and in whatever order: each address has an answer of its own.
    answers = {"users": people, "groups": [], "lines": []}
    company.service.answers(reply({"result": 1000, **answers}))

    def load() -> SyncReport:
        with company.client() as client:
            return sync_staff(client=client)

    found = at_once(*[load] * 4)
    assert [type(one) for one in found] == [SyncReport] * 4, found
    assert sum(one.added for one in found) == len(people)
    assert Employee.objects.count() == len(people)
    assert EmployeeAddress.objects.count() == len(people)
