"""What an import must reach, beside what it reached."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Figures = dict[str, dict[str, Any]]
#: Records and calls against the loop, records and calls against the raw limit.
_TO_LOOP = {"postgresql": 25, "sqlite": 12, "mariadb": 10}
_TO_RAW = {"postgresql": 0.25, "sqlite": 0.35, "mariadb": 0.25}
_RECORDS_TO_RAW = 0.45
_AGAIN = 3
_SCALE = 0.8
_MEMORY_MB = 80


@dataclass(frozen=True, slots=True)
class Requirement:
    """One demand: its words, what is asked, what was measured, whether that is enough."""

    what: str
    required: str
    measured: str
    holds: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def requirements(vendor: str, figures: Figures) -> list[Requirement]:
    """The demands this run can judge."""
    speed = {way: one["per_second"] for way, one in figures.items()}
    found = [
        _least("records and calls, to the loop", _TO_LOOP[vendor], speed["calls"] / speed["naive"]),
        _least("records alone, to raw", _RECORDS_TO_RAW, speed["records"] / speed["raw"]),
        _least("records and calls, to raw", _TO_RAW[vendor], speed["calls"] / speed["raw"]),
        _least("the same again, to the first time", _AGAIN, speed["again"] / speed["calls"]),
        _equal("rows written when nothing changed", 0, _written(figures["again"])),
        _equal("unchanged of the same again", figures["again"]["rows"],
               figures["again"]["unchanged"]),
    ]  # fmt: skip
    if "scale" in figures:
        found.append(
            _least("ten times the rows, to the speed before", _SCALE,
                   speed["scale"] / speed["calls"])
        )  # fmt: skip
    most = max(one["above_idle_mb"] for way, one in figures.items() if way in _OURS)
    found.append(
        Requirement("MB above the idle process", f"<= {_MEMORY_MB}", f"{most:.0f}",
                    most <= _MEMORY_MB)
    )  # fmt: skip
    if "overlap" in figures:
        found += [
            _equal(f"overlap: {name}", 0, count)
            for name, count in figures["overlap"]["wrong"].items()
        ]
    return found


_OURS = ("records", "calls", "again", "scale", "overlap")


def _written(again: dict[str, Any]) -> int:
    return sum(again["writes"].values()) + int(again["new"]) + int(again["changed"])


def _least(what: str, required: float, measured: float) -> Requirement:
    return Requirement(what, f">= {required:g}", f"{measured:.2f}", measured >= required)


def _equal(what: str, required: int, measured: int) -> Requirement:
    return Requirement(what, f"= {required}", str(measured), measured == required)
