"""The output of a command as a plain stream, for code that writes its own line ends."""

from __future__ import annotations

import io
import sys

from django.core.management.base import OutputWrapper


class RawStream(io.TextIOBase):
    """Writes exactly what it is given: Django's wrapper adds line ends and colours."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a class attribute of the base
        return sys.stderr.encoding or "ascii"

    def write(self, text: str, /) -> int:
        self._out.write(text, style_func=str, ending="")
        return len(text)

    def flush(self) -> None:
        self._out.flush()

    def isatty(self) -> bool:
        return self._out.isatty()
