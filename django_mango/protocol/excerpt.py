"""What of a foreign text may be quoted in an error or a log: short, plain, without secrets."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 200
_READ: Final = 8192

#: Fields of a signed form by name, however they are quoted, and anything like a signature.
SECRETS: Final = re.compile(
    r"(?:vpbx_api_key|vpbx_api_salt|sign)\b[\\\"'\]\s]*(?:=>|=|:|%3D)[\\\"'\s]*[^\s\"'&,;<>\\]*"
    r"|[0-9a-f]{64}",
    re.IGNORECASE,
)
MASK: Final = "[secret]"
_MARKUP: Final = re.compile(
    r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL
)


def excerpt(body: bytes) -> str:
    """The beginning of a body as one line of at most 200 characters.

    Markup, control characters and whatever looks like a part of a signed form are
    taken out. The credentials themselves are not known here: the client masks those.
    """
    text = SECRETS.sub(MASK, body[:_READ].decode("utf-8", "replace"))
    # Again afterwards: taking markup out can bring the parts of a secret together.
    text = SECRETS.sub(MASK, _MARKUP.sub(" ", text))
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
