"""The result codes: the whole list, the class rule, success and reasons as text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.codes import is_success, meaning, nearest, reason_code
from django_mango.protocol.codes_table import MEANINGS


def test_the_list_is_whole() -> None:
    """Counted in the document's appendix, class by class."""
    counts = {first: sum(code // 1000 == first for code in MEANINGS) for first in range(1, 7)}
    assert counts == {1: 55, 2: 19, 3: 47, 4: 28, 5: 58, 6: 9}


def test_every_code_has_both_languages() -> None:
    for code, row in MEANINGS.items():
        assert row.english.isascii(), code
        assert row.english.strip(), code
        # Some are only names of services; all others are Russian.
        assert re.search("[а-яё]", row.russian), code


@pytest.mark.parametrize(
    ("code", "english", "russian"),
    [
        (1000, "done", "выполнено"),
        (3102, "the signature does not match", "подпись не совпадает с вычисленной"),
        (3105, "wrong access key", "неверный ключ доступа"),
        (4101, "the call has ended or does not exist", "вызов завершён или не существует"),
        (2240, "not enough money", "недостаточно средств"),
        (5001, "overload of the switch", "перегрузка коммутатора"),
    ],
)
def test_texts_often_misread_elsewhere(code: int, english: str, russian: str) -> None:
    """Q19."""
    assert meaning(code) == english
    assert meaning(code, "ru") == russian


def test_languages() -> None:
    assert meaning(1121, "ru-RU") == meaning(1121, "RU") == "абонент занят"
    assert meaning(1121, "de") == meaning(1121, "en-gb") == "the remote side is busy"


@pytest.mark.parametrize(
    ("code", "known"),
    [
        (2219, 2210),
        (1090, 1000),
        (1139, 1130),
        (4103, 4100),
        (3999, 3000),
        (5250, 5000),  # 5200 is a service that is not connected and stands for nothing else
        (3138, 3100),  # nor is 3130, an error of a password change, a class
        (4291, 4200),
        (3341, 3340),
        (9999, 0),
        (0, 0),
        (-1, 0),
        (110, 0),
    ],
)
def test_an_unknown_code_is_read_as_its_class(code: int, known: int) -> None:
    assert nearest(code) == known


@given(st.integers())
def test_nearest_is_known_or_nothing_and_final(code: int) -> None:
    known = nearest(code)
    assert known == 0 or known in MEANINGS
    assert nearest(known) == known
    assert meaning(code)
    assert meaning(code, "ru")


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_a_known_code_stands_for_itself(code: int) -> None:
    assert nearest(code) == code


def test_an_unknown_code_says_so() -> None:
    assert meaning(9999) == "unknown result"
    assert meaning(9999, "ru") == "неизвестный результат"


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1090, 1100, 1121, 1181, 1310])
def test_success(code: int) -> None:
    assert is_success(code)


@pytest.mark.parametrize("code", [0, 100, 1200, 1211, 1239, 2000, 3102, 4101, 5011, 6000, 9999])
def test_no_success(code: int) -> None:
    assert not is_success(code)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("1110", 1110),
        (1131, 1131),
        (" 1120 ", 1120),
        ("Busy", 1121),
        ("busy", 1121),
        ("REMOTEHANGUP", 1120),
        ("RemoteHangup", 1120),
        ("110", 110),  # Q47
        ("7777", 7777),
        ("", None),
        ("0", None),
        ("-1", None),
        ("Confused", None),
        ("1110.5", None),
        ("١١١٠", None),
        ("99999999999999999", None),
    ],
)
def test_reasons_as_sent(sent: str | int, code: int | None) -> None:
    assert reason_code(sent) == code
