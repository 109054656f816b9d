"""The made-up company of the example, as plain data: its people, customers and deals.

The people are those of the sandbox PBX. They are written down again here because a CRM never
shares code with its PBX; a test compares the two lists.
"""

from __future__ import annotations

from dataclasses import dataclass

MANAGERS = "Менеджеры"
SUPERVISORS = "Руководители"


@dataclass(frozen=True, slots=True)
class Person:
    """An employee of the PBX; with ``username`` he also works in the CRM, as one of ``groups``.

    In this demo the password is the username.
    """

    pbx_user_id: int
    extension: str
    name: str
    sip: str
    mobile: str
    username: str = ""
    groups: tuple[str, ...] = ()

    @property
    def first_name(self) -> str:
        return self.name.split()[0]

    @property
    def last_name(self) -> str:
        return self.name.split()[1]


@dataclass(frozen=True, slots=True)
class Firm:
    name: str
    city: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A contact; numbers are spelled as people spell them."""

    name: str
    firm: str
    position: str
    phone: str
    mobile: str
    responsible: str


@dataclass(frozen=True, slots=True)
class Sale:
    title: str
    firm: str
    contact: str
    amount: int
    stage: str
    responsible: str


PEOPLE = (
    Person(
        300100100, "100", "Мария Соколова", "sip:sokolova@romashka.mangosip.ru", "79265550100",
        "maria", (MANAGERS, SUPERVISORS),
    ),
    Person(
        300100101, "101", "Анна Смирнова", "sip:smirnova@romashka.mangosip.ru", "79265550111",
        "anna", (MANAGERS,),
    ),
    Person(
        300100102, "102", "Пётр Иванов", "sip:ivanov@romashka.mangosip.ru", "79265550122",
        "petr", (MANAGERS,),
    ),
    Person(300100103, "103", "Олег Кузнецов", "sip:kuznetsov@romashka.mangosip.ru", "79265550133"),
    Person(300100104, "104", "Елена Попова", "sip:popova@romashka.mangosip.ru", "79265550144"),
    Person(300100105, "105", "Дмитрий Волков", "sip:volkov@romashka.mangosip.ru", "79265550155"),
    Person(300100511, "0511", "Ирина Лебедева", "sip:lebedeva@romashka.mangosip.ru", "79265550166"),
)  # fmt: skip

FIRMS = (
    Firm("ООО «Вектор»", "Москва", "8 (495) 777-88-99"),
    Firm("АО «Северный порт»", "Санкт-Петербург", "+7 812 333 44 55"),
    Firm("ИП Гусева Т. А.", "Казань", "(843) 222-33-11"),
    Firm("ООО «Сибирь Логистик»", "Новосибирск", "8-383-233-44-55"),
    Firm("ООО «Кубань Агро»", "Краснодар", "8 (861) 222-33-44"),
    Firm("Стоматология «Улыбка»", "Москва", "74999990011"),
    Firm("ТОО «Алатау Трейд»", "Алматы"),
    Firm("ЧУП «Белтехсервис»", "Минск"),
)

#: The demo calls the first one. Endings 01-09 make the sandbox PBX play another outcome.
CUSTOMERS = (
    Customer("Сергей Орлов", "ООО «Вектор»", "Директор", "8 (495) 777-88-99 доб. 12",
             "8 (916) 123-45-67", "anna"),
    Customer("Наталья Белова", "ООО «Вектор»", "Бухгалтер", "84957778899", "+7 903 765-43-21",
             "anna"),
    Customer("Игорь Фомин", "АО «Северный порт»", "Начальник снабжения", "8-812-333-44-55",
             "+79119876543", "petr"),
    Customer("Юлия Громова", "АО «Северный порт»", "Юрист", "", "8 921 345 67 89", "petr"),
    Customer("Татьяна Гусева", "ИП Гусева Т. А.", "Владелец", "+7 (843) 222-33-11",
             "+7 (965) 555-66-77", "anna"),
    Customer("Алексей Тихонов", "ООО «Сибирь Логистик»", "Диспетчер", "8(383)2334455",
             "8-913-999-88-77", "petr"),
    Customer("Марина Котова", "ООО «Сибирь Логистик»", "Закупки", "", "9508887766", "petr"),
    Customer("Роман Дьяченко", "ООО «Кубань Агро»", "Агроном", "8 861 222-33-44",
             "+7-918-555-44-33", "anna"),
    Customer("Светлана Ким", "Стоматология «Улыбка»", "Администратор", "7 499 999-00-11",
             "8.903.222.33.44", "anna"),
    Customer("Владимир Зайцев", "Стоматология «Улыбка»", "Главный врач", "",
             "8 (926) 789-01-23, 8 (916) 444-55-66", "anna"),
    Customer("Айгуль Нурланова", "ТОО «Алатау Трейд»", "Директор", "", "+7 701 123 45 67", "petr"),
    Customer("Павел Савич", "ЧУП «Белтехсервис»", "Инженер", "", "+375 (29) 123-45-67", "petr"),
    Customer("Klaus Weber", "", "Поставщик", "+49 30 123456", "", "maria"),
    Customer("Ольга Никитина", "", "Частный клиент", "", "89851112233", "anna"),
    Customer("Денис Макаров", "", "Частный клиент", "", "+7 (909) 666-77-88", "anna"),
    Customer("Екатерина Жукова", "", "Частный клиент", "", "8 925 777 88 90", "petr"),
    Customer("Михаил Рябов", "", "Частный клиент", "", "906 000 11 22", "petr"),
    Customer("Вера Занятова", "", "Всегда занята", "", "8 (916) 555-00-01", "anna"),
    Customer("Кирилл Молчанов", "", "Не берёт трубку", "", "8 (916) 555-00-02", "anna"),
    Customer("Лидия Старкова", "", "Номер отключён", "", "8 (916) 555-00-04", "petr"),
    Customer("Геннадий Болтунов", "", "Говорит подолгу", "", "8 (916) 555-00-08", "petr"),
    Customer("Инна Безтелефонова", "", "Пишет только письма", "нет", "", "maria"),
)  # fmt: skip

SALES = (
    Sale("Поставка серверов", "ООО «Вектор»", "Сергей Орлов", 1_250_000, "offer", "anna"),
    Sale("Обслуживание офиса", "ООО «Вектор»", "Наталья Белова", 180_000, "won", "anna"),
    Sale("Сеть на складе", "АО «Северный порт»", "Игорь Фомин", 940_000, "new", "petr"),
    Sale("Касса и фискальный накопитель", "ИП Гусева Т. А.", "Татьяна Гусева", 45_000, "won",
         "anna"),
    Sale("Трекеры для машин", "ООО «Сибирь Логистик»", "Алексей Тихонов", 610_000, "offer", "petr"),
    Sale("Метеостанции", "ООО «Кубань Агро»", "Роман Дьяченко", 320_000, "lost", "anna"),
    Sale("Телефония в клинике", "Стоматология «Улыбка»", "Светлана Ким", 95_000, "new", "anna"),
    Sale("Видеонаблюдение", "ТОО «Алатау Трейд»", "Айгуль Нурланова", 275_000, "new", "petr"),
)  # fmt: skip
