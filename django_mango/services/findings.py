"""What an examination found: one line, how bad it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line for people in the language active now; ``remedy`` is empty where all is well."""

    level: Level
    text: str
    remedy: str = ""


def ok(text: str) -> Finding:
    return Finding(Level.OK, text)


def warning(text: str, remedy: str = "") -> Finding:
    return Finding(Level.WARNING, text, remedy)


def problem(text: str, remedy: str = "") -> Finding:
    return Finding(Level.PROBLEM, text, remedy)
