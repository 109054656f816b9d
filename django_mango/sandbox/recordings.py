"""Recordings: a one-time link, then a short true MP3 of silence (§3.5.1, Q80)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from .answers import Answer, RefusalError, not_found
from .fields import NO_RECORDING, WRONG_FORM, Json, text

_FRAMES_A_SECOND = 1000 / 36
#: Header of an MPEG-1 layer III frame, 32 kbit/s, 32 kHz, mono: 144 bytes and 36 ms each.
_HEADER = bytes((0xFF, 0xFB, 0x18, 0xC0))
_FRAME = _HEADER + bytes(144 - len(_HEADER))


def silence(seconds: float) -> bytes:
    """An MP3 any player takes. No encoder is at hand, and a frame of zeros is silence."""
    return _FRAME * max(1, round(seconds * _FRAMES_A_SECOND))


class Recordings:
    """Links to files, each good for one access."""

    def __init__(self, exists: Callable[[str], bool]) -> None:
        self._exists = exists
        self._guard = threading.Lock()
        self._links: set[str] = set()

    def link(self, data: Json, host: str) -> Answer:
        """``queries/recording/post``: 302 to the file, 3320 when there is no such recording."""
        recording_id = text(data, "recording_id", required=True)
        if text(data, "action") not in ("", "download", "play"):
            raise RefusalError(WRONG_FORM, "action is download or play")
        if not self._exists(recording_id):
            raise RefusalError(NO_RECORDING, "recording not found")
        token = secrets.token_hex(16)
        with self._guard:
            self._links.add(token)
        return Answer(302, headers={"Location": f"http://{host}/files/{token}"})

    def file(self, token: str) -> Answer:
        """The file behind a link, once; 404 ever after."""
        with self._guard:
            if token not in self._links:
                return not_found()
            self._links.discard(token)
        return Answer(200, silence(5.0), "audio/mpeg")
