from __future__ import annotations


class Failure(Exception):
    """Why the demo cannot go on, in one line."""
