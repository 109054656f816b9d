"""Classes of values nobody changes, made by the million."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True)
def value_class(cls: type[_Class]) -> type[_Class]:
    """A dataclass with slots which the type checker takes for a frozen one.

    At run time it is not frozen: making a frozen one sets each attribute by a call of its
    own and takes four times as long, and an import makes several for each call.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
