"""Printing figures, and the same as JSON."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from pathlib import Path


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A plain table, columns as wide as their widest cell."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    print(f"\n{title}")
    for index, row in enumerate(cells):
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
        if index == 0:
            print("  ".join("-" * width for width in widths))


def machine() -> str:
    """What the figures were measured on, in one line."""
    return f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}"


def save(path: str | None, figures: object) -> None:
    """Write the figures as JSON where a path was given."""
    if path:
        Path(path).write_text(json.dumps(figures, indent=2, default=str), encoding="utf-8")
