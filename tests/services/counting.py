"""Counting statements of writes that are sent in parts."""

from __future__ import annotations

import re
from itertools import pairwise


def without_parts(texts: list[str]) -> list[str]:
    """Many rows are sent in parts, or to PostgreSQL through a table of the session."""
    staging = ("CREATE TEMPORARY", "COPY", "SET LOCAL")
    plain = [re.sub(r"^\d+ times: ", "", text) for text in texts if not text.startswith(staging)]
    return [
        text
        for before, text in pairwise(["", *plain])
        if not (text.startswith(("INSERT", "UPDATE")) and before[:60] == text[:60])
    ]
