"""The two shapes of transactions the services use."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _

from .errors import InsideTransaction

log = logging.getLogger("django_mango.services")

Result = TypeVar("Result")

_ATTEMPTS = 4
_POSTGRESQL = frozenset({"40001", "40P01", "55P03"})
_MYSQL = frozenset({1205, 1213, 1020})


def repeated(
    work: Callable[[], Result], using: str = DEFAULT_DB_ALIAS, *, durable: bool = False
) -> Result:
    """Run ``work`` in a transaction, again as a whole when it lost against another one.

    Deadlocks, serialisation failures and "database is locked" are repeated three
    times after a short random pause. Inside a transaction of the caller only he
    could repeat, so it runs once there; ``durable`` refuses to run there at all.
    """
    attempts = 1 if connections[using].in_atomic_block else _ATTEMPTS
    for attempt in range(1, attempts + 1):
        try:
            with transaction.atomic(using=using, durable=durable):
                return work()
        except OperationalError as error:
            if attempt == attempts or not _lost_against_another(error):
                raise
            log.info("transaction repeated: %s", type(error.__cause__ or error).__name__)
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
    raise AssertionError("unreachable")


def commit_soon(using: str = DEFAULT_DB_ALIAS) -> None:
    """Let PostgreSQL answer the commit of this transaction before it is on the disk.

    For what is done again after a crash of the server. Whole transactions get lost then, the
    latest first; the next one that commits as usual takes all before it to the disk.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")


def require_autocommit(using: str = DEFAULT_DB_ALIAS) -> None:
    """Refuse to run inside a transaction, before anything is written.

    What is sent cannot be rolled back: the journal must be committed first. Nothing
    is asked of the database where no block is open: on SQLite that would take the lock.
    """
    if not _is_free(connections[using]):
        raise InsideTransaction(
            _(
                "A call cannot be placed or ended inside a transaction: use request_call(),"
                " which sends when the transaction is committed."
            ),
            "inside_transaction",
        )


def _is_free(connection: BaseDatabaseWrapper) -> bool:
    if not connection.in_atomic_block:
        return connection.get_autocommit()  # off: everything is one transaction
    try:
        # Django's own test for a transaction; it overlooks the one around a test case.
        with transaction.atomic(using=connection.alias, durable=True):
            return True
    except RuntimeError:
        return False


def _lost_against_another(error: OperationalError) -> bool:
    cause = error.__cause__
    sqlstate = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    if sqlstate in _POSTGRESQL:
        return True
    number = error.args[0] if error.args else None
    return number in _MYSQL or "is locked" in str(error)
