"""Answers of the service as they stand on the wire: status, headers, exact body."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "wire"


def wire_answer(name: str) -> bytes:
    """The whole answer of a sample."""
    return (_FOLDER / f"{name}.http").read_bytes()


def wire_body(name: str) -> bytes:
    """Its body."""
    return wire_answer(name).partition(b"\r\n\r\n")[2]
