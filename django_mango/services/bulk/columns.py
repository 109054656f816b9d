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
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import DataError, models
from django.db.backends.base.base import BaseDatabaseWrapper

Column = Sequence[Any]
_SECONDS = tuple(f":{second:02d}" for second in range(60))


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
        return [_json(value, kind.encoder) for value in values]
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
    if max(map(len, filter(None, values)), default=0) > field.max_length:
        raise DataError(f"a value is too long for {field.name}")


def _times(field: Any, values: Column, connection: BaseDatabaseWrapper) -> Column:
    if connection.vendor == "postgresql":
        return [None if text is None else text + "+00" for text in _utc_texts(values)]
    if settings.USE_TZ and connection.timezone is UTC:
        return _utc_texts(values)
    moments = (datetime.fromtimestamp(v, UTC) if v and isinstance(v, int) else v for v in values)
    return [field.get_db_prep_save(moment or None, connection) for moment in moments]


def _utc_texts(values: Column) -> Column:
    """Each different moment is written once."""
    texts = {value: _utc_text(value) for value in set(values) if value}
    return list(map(texts.get, values))


def _utc_text(moment: int | datetime) -> str:
    """``2025-05-24 12:48:43``, with the microseconds where there are any."""
    if isinstance(moment, datetime):
        return str(moment.astimezone(UTC).replace(tzinfo=None))
    minutes, seconds = divmod(moment, 60)
    return _minute_text(minutes) + _SECONDS[seconds]


@lru_cache(maxsize=4096)
def _minute_text(minutes: int) -> str:
    return f"{datetime.fromtimestamp(minutes * 60, UTC):%Y-%m-%d %H:%M}"


def _json(value: Any, encoder: type[json.JSONEncoder] | None) -> str | None:
    if value is None:
        return None
    if not value and isinstance(value, (list, tuple)):
        return "[]"
    return json.dumps(value, cls=encoder)
