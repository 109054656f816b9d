"""Long lists of ids in a query."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler

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
    in_list = ",".join(texts) if is_whole else "'" + "','".join(texts) + "'"
    in_array = '"' + '","'.join(texts) + '"'
    unseen = f"SELECT unnest('{{{in_array}}}'::{'bigint' if is_whole else 'text'}[])"
    return (_Keys if is_key else Func)(
        F(column),
        output_field=BooleanField(),
        template=f"%(expressions)s IN ({in_list})",
        unseen=f"%(expressions)s = ANY(ARRAY({unseen}))",
    )


class _Keys(Func):
    """The column is one of these values, and leads to them by an index.

    PostgreSQL is not shown the values. It would estimate each of them, which takes longer than
    to find it; and so many it would rather look for in the whole table.
    """

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **more: Any
    ) -> Any:
        return self.as_sql(compiler, connection, template=self.extra["unseen"], **more)
