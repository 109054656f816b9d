"""The two shapes of transactions the services use."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
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


def require_autocommit(using: str = DEFAULT_DB_ALIAS) -> None:
    """Refuse to run inside a transaction, before anything is written.

    What is sent cannot be rolled back: the journal must be committed first. The
    empty durable block is Django's own test for it, tests included; with autocommit
    switched off it passes, although everything is one transaction there.
    """
    try:
        if _commits_by_hand(using):
            raise RuntimeError("autocommit is off")
        with transaction.atomic(using=using, durable=True):
            pass
    except RuntimeError as error:
        raise InsideTransaction(
            _(
                "A call cannot be placed or ended inside a transaction: use request_call(),"
                " which sends when the transaction is committed."
            ),
            "inside_transaction",
        ) from error


def _commits_by_hand(using: str) -> bool:
    return not connections[using].in_atomic_block and not transaction.get_autocommit(using)


def _lost_against_another(error: OperationalError) -> bool:
    cause = error.__cause__
    sqlstate = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    if sqlstate in _POSTGRESQL:
        return True
    number = error.args[0] if error.args else None
    return number in _MYSQL or "is locked" in str(error)
