"""Read-only tables below the facts of a record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString

#: A table shows so many rows and says when there are more.
SHOWN = 200

Text = str | Promise | SafeString


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a detail page. Cells are escaped by the template unless marked safe."""

    title: Text
    columns: Sequence[Text]
    rows: Sequence[Sequence[Any]]
    more: bool = False
    empty: Text = field(default="")


def table(
    title: Text, columns: Sequence[Text], rows: Iterable[Sequence[Any]], *, empty: Text = ""
) -> Table:
    """A table of the first ``SHOWN`` of ``rows``."""
    shown: list[Sequence[Any]] = []
    for row in rows:
        if len(shown) == SHOWN:
            return Table(title, columns, shown, more=True, empty=empty)
        shown.append(row)
    return Table(title, columns, shown, empty=empty)
