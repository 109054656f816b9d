"""The made-up company behind the sandbox: people, groups, lines and regular customers.

Everything here is data; the example project and tests compare themselves with
it. Numbers are E.164 digits without plus (§11.5), extensions are text (Q84).
"""

from __future__ import annotations

from dataclasses import dataclass

COMPANY = "ООО «Ромашка»"
SIP_DOMAIN = "romashka.mangosip.ru"


@dataclass(frozen=True, slots=True)
class Employee:
    """One member of staff (§3.7.1)."""

    user_id: int
    extension: str
    name: str
    login: str
    mobile: str
    department: str
    position: str

    @property
    def sip(self) -> str:
        """SIP address as events print it, with its scheme (§11.5)."""
        return f"sip:{self.login}@{SIP_DOMAIN}"

    @property
    def email(self) -> str:
        return f"{self.login}@romashka.example"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of employees with a short number (§3.7.2)."""

    group_id: int
    extension: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A number of the PBX (§3.7.7). ``region`` is empty for city numbers given by code."""

    line_id: int
    number: str
    name: str
    region: str
    comment: str

    @property
    def command_name(self) -> str:
        """What the ``line_number`` of a command must hold: the name of a SIP line (Q87)."""
        return self.name if self.number.startswith("sip:") else self.number


EMPLOYEES: tuple[Employee, ...] = (
    Employee(
        300100100, "100", "Мария Соколова", "sokolova", "79265550100",
        "Отдел продаж", "Руководитель отдела продаж",
    ),
    Employee(
        300100101, "101", "Анна Смирнова", "smirnova", "79265550111",
        "Отдел продаж", "Менеджер по продажам",
    ),
    Employee(
        300100102, "102", "Пётр Иванов", "ivanov", "79265550122",
        "Отдел продаж", "Менеджер по продажам",
    ),
    Employee(
        300100103, "103", "Олег Кузнецов", "kuznetsov", "79265550133",
        "Отдел продаж", "Менеджер по продажам",
    ),
    Employee(
        300100104, "104", "Елена Попова", "popova", "79265550144",
        "Поддержка", "Инженер поддержки",
    ),
    Employee(
        300100105, "105", "Дмитрий Волков", "volkov", "79265550155",
        "Поддержка", "Инженер поддержки",
    ),
    Employee(
        300100511, "0511", "Ирина Лебедева", "lebedeva", "79265550166",
        "Бухгалтерия", "Главный бухгалтер",
    ),
)  # fmt: skip

GROUPS: tuple[Group, ...] = (
    Group(10051301, "301", "Отдел продаж", ("101", "102", "103")),
    Group(10051302, "302", "Поддержка", ("104", "105")),
)

LINES: tuple[Line, ...] = (
    Line(300200001, "74951234567", "Основной", "1", "Москва"),
    Line(300200002, "78001234567", "Бесплатная линия", "toll-free", ""),
    Line(300200003, f"sip:warehouse@{SIP_DOMAIN}", "SIP Склад", "sip-uac", "Склад в Химках"),
)

MAIN_LINE = LINES[0]
SALES = GROUPS[0]
SUPPORT = GROUPS[1]

#: Regular customers: half of the generated history is theirs, so a CRM that holds
#: these numbers sees a history at its contacts. None ends like a scripted number.
CUSTOMERS: tuple[str, ...] = (
    "79161234567", "79037654321", "74957778899", "79851112233", "79267890123", "78123334455",
    "79119876543", "79213456789", "74999990011", "79032223344", "79164445566", "79655556677",
    "79096667788", "79257778890", "78432223311", "73832334455", "79139998877", "79508887766",
    "79185554433", "78612223344", "375291234567", "77011234567", "4930123456", "79060001122",
)  # fmt: skip

_BY_EXTENSION = {employee.extension: employee for employee in EMPLOYEES}
_BY_NUMBER = {number: person for person in EMPLOYEES for number in (person.sip, person.mobile)}
_GROUP_BY_EXTENSION = {group.extension: group for group in GROUPS}


def employee_by_extension(extension: str) -> Employee | None:
    """The employee with this short number."""
    return _BY_EXTENSION.get(extension)


def employee_by_number(number: str) -> Employee | None:
    """The employee who owns this SIP address or mobile number."""
    return _BY_NUMBER.get(number)


def group_by_extension(extension: str) -> Group | None:
    """The group with this short number."""
    return _GROUP_BY_EXTENSION.get(extension)


def line_by_command_name(name: str) -> Line | None:
    """The line a command names: a city or 8-800 number, or a SIP line by its name (Q87)."""
    return next((line for line in LINES if line.command_name == name), None)


def line_by_number(number: str) -> Line | None:
    """The line with this number or SIP address."""
    return next((line for line in LINES if line.number == number), None)
