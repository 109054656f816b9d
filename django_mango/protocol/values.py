"""Reading single values of a JSON object as tolerantly as the service writes them.

Numbers come as int or text (T-02, Q60), extensions as text or int (T-03), keys
are missing or null, and some enumerated words carry Cyrillic look-alikes (T-12).
What could never be an id of the service, or could not be stored, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from .errors import ReadError
from .times import integer_or_none

#: Longest text the service documents for ids, numbers and addresses (§3.1-3.4).
MAX_LENGTH = 128
#: No notification is nearly as long (§3.1); a longer text is not even parsed.
_MAX_TEXT = 4_000_000

_UNSTORABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_LOOK_ALIKES = str.maketrans("АВСЕНІКМОРТХасеіорху", "ABCEHIKMOPTXaceiopxy")

Json = Mapping[str, object]


def json_object(text: str) -> dict[str, object]:
    """The JSON object in ``text``; ``ReadError`` for anything else."""
    if len(text) > _MAX_TEXT:
        raise ReadError("the JSON text is too long")
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ReadError("the text is not JSON") from error
    if not isinstance(value, dict):
        raise ReadError("the JSON text is not an object")
    return value


def text(source: Json, name: str, limit: int = MAX_LENGTH) -> str:
    """A text value; absence, null and objects read as empty, numbers as their digits."""
    value = source.get(name)
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        value = str(value) if abs(value) < 10**limit else "9" * (limit + 1)
    elif isinstance(value, float):
        value = str(int(value)) if value.is_integer() and abs(value) < 2**53 else ""
    if not isinstance(value, str):
        return ""
    value = value.strip()
    if len(value) > limit:
        raise ReadError(f"{name} is longer than {limit} characters")
    if not storable(value):
        raise ReadError(f"{name} has characters no id or number can have")
    return value


def integer(source: Json, name: str) -> int | None:
    """A whole number sent as int or text; ``None`` when absent or something else."""
    return integer_or_none(source.get(name))


def word(source: Json, name: str) -> str:
    """An enumerated word with Cyrillic look-alikes folded to Latin (T-12)."""
    return text(source, name).translate(_LOOK_ALIKES)


def child(source: Json, name: str) -> Json:
    """A nested object; absence, null and anything else read as empty."""
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def storable(value: str) -> bool:
    """Whether every database takes the text: no control characters, no lone surrogates."""
    return _UNSTORABLE.search(value) is None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
