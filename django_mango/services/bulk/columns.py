"""Values of a whole column made ready for a database, in few calls.

For a batch of thousands the time goes into calls for single values. So values are
converted column by column, each kind of column in its own short way: texts are checked
together, times are Unix seconds whose text is remembered. What is of no such kind is
converted by its field, as the ORM does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii
from typing import Any

from django.conf import settings
from django.db import DataError, models
from django.db.backends.base.base import BaseDatabaseWrapper

from .moments import texts_of_moments

Column = Sequence[Any]


#: Kinds of columns that are prepared here; a model with another one is the ORM's.
_KNOWN = (
    models.CharField,
    models.TextField,
    models.DateTimeField,
    models.JSONField,
    models.IntegerField,
    models.BooleanField,
    models.DecimalField,
    models.FloatField,
    models.DateField,
    models.UUIDField,
)


def is_known(field: Any) -> bool:
    """Whether ``prepared`` knows this kind of column."""
    return isinstance(_plain(field), _KNOWN)


def prepared(field: Any, values: Column, connection: BaseDatabaseWrapper) -> Column:
    """The values as every driver takes them: texts, numbers, booleans, ``None``.

    Times and JSON become text. Raises ``DataError`` for a text longer than its column,
    which MySQL in a lax mode would cut.
    """
    kind = _plain(field)
    if isinstance(kind, models.DateTimeField):
        return _times(field, values, connection)
    if isinstance(kind, models.JSONField):
        return _json(values, kind.encoder)
    if isinstance(kind, (models.CharField, models.TextField)):
        check_length(field, values)
        return values
    if isinstance(kind, (models.IntegerField, models.BooleanField)):
        return values
    saved = (field.get_db_prep_save(value, connection) for value in values)
    return [None if value is None else str(value) for value in saved]


def _plain(field: Any) -> Any:
    """The field itself, of a foreign key the one it points to."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return field


def check_length(field: Any, values: Column) -> None:
    """Raise ``DataError`` for a text longer than its column: SQLite would keep, MySQL cut it."""
    if not isinstance(field, (models.CharField, models.TextField)) or field.max_length is None:
        return
    try:
        longest = max(map(len, values), default=0)
    except TypeError:  # some are null
        longest = max(map(len, filter(None, values)), default=0)
    if longest > field.max_length:
        raise DataError(f"a value is too long for {field.name}")


def _times(field: Any, values: Column, connection: BaseDatabaseWrapper) -> Column:
    if connection.vendor == "postgresql":
        return texts_of_moments(values, "+00")
    if settings.USE_TZ and connection.timezone is UTC:
        return texts_of_moments(values)
    moments = (datetime.fromtimestamp(v, UTC) if v and isinstance(v, int) else v for v in values)
    return [field.get_db_prep_save(moment or None, connection) for moment in moments]


def _json(values: Column, encoder: type[json.JSONEncoder] | None) -> Column:
    if encoder is None:
        try:
            return list(map(_short_json, values))
        except TypeError:  # there is more in them than texts
            pass
    return [None if value is None else json.dumps(value, cls=encoder) for value in values]


def _short_json(value: Any) -> str | None:
    """What ``json.dumps`` gives for texts, in a list or by name; ``TypeError`` for all else."""
    kind = type(value)
    if kind is tuple or kind is list:  # most are empty
        return f"[{', '.join(map(encode_basestring_ascii, value))}]" if value else "[]"
    if kind is dict:
        pairs = [
            f"{encode_basestring_ascii(name)}: {encode_basestring_ascii(text)}"
            for name, text in value.items()
        ]
        return f"{{{', '.join(pairs)}}}"
    if value is None:
        return None
    raise TypeError
