"""Values are equal, hashed, copied and pickled as those of a frozen dataclass."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from django_mango.protocol.projection import ProjectedParty
from django_mango.protocol.value_class import value_class


@value_class
class Point:
    x: int
    y: int = 0


def test_a_value_is_what_its_fields_are() -> None:
    assert Point(1) == Point(1, 0) != Point(1, 2)
    assert len({Point(1), Point(1, 0), Point(2)}) == 2
    assert replace(Point(1), y=3) == Point(1, 3)
    assert repr(Point(1)) == "Point(x=1, y=0)"


def test_a_value_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        Point(1).z = 2  # type: ignore[attr-defined]


def test_a_value_survives_pickling() -> None:
    party = ProjectedParty("101", "", "callee", 1, 2, 3, 4)
    assert pickle.loads(pickle.dumps(party)) == party
