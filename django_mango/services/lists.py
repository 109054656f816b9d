"""Long lists of ids in a query."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BooleanField, Expression, F, Func, Q
from django.db.models.expressions import RawSQL

#: Ids and numbers of the service are base64, digits, addresses. Nothing here needs escaping,
#: neither in SQL nor for a driver.
_PLAIN = re.compile(r"[A-Za-z0-9+/=_.:@-]*")


def among(
    column: str, values: Collection[str] | Collection[int], *, is_key: bool = True
) -> Expression | Q:
    """A condition for ``filter``: the column is one of many values.

    One piece of SQL where no value needs escaping: to bind thousands of parameters takes
    the ORM and the driver longer than the query. Say ``is_key=False`` where another condition
    than this one may lead to fewer rows.
    """
    listed: list[Any] = list(values)
    texts = [str(value) for value in listed]
    if not listed or not _PLAIN.fullmatch("".join(texts)):
        return Q(**{f"{column}__in": listed})
    is_whole = isinstance(listed[0], int)
    if is_key and connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        return _unseen(column, texts, "bigint" if is_whole else "text")
    sql = ",".join(texts) if is_whole else "'" + "','".join(texts) + "'"
    return Q(**{f"{column}__in": RawSQL(sql, ())})  # noqa: S611 - looked through above


def _unseen(column: str, texts: list[str], kind: str) -> Expression:
    """The values as an array that the planner of PostgreSQL does not look into.

    It would estimate each of them, which takes longer than to find it; and so many it would
    rather look for in the whole table.
    """
    array = '"' + '","'.join(texts) + '"'
    return Func(
        F(column),
        template=f"%(expressions)s = ANY(ARRAY(SELECT unnest('{{{array}}}'::{kind}[])))",
        output_field=BooleanField(),
    )
