"""Leases: one worker for one piece of work, without a lock that outlives its holder."""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError, connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Lease
from .bulk import upsert

#: A killed holder blocks others for so long at most.
LIFETIME = timedelta(minutes=2)
_BEAT = timedelta(seconds=20)
# The keeper looks so often whether the holder is behind with beating, and helps him then.
_LOOK = timedelta(seconds=10)
_OVERDUE = timedelta(seconds=40)
# Seconds until a keeper is left to itself that hangs in the database.
_FAREWELL = 5.0
# A holder that gave no sign of life for so long hangs.
_PATIENCE = timedelta(minutes=15)

log = logging.getLogger("django_mango.services")


class LeaseTaken(Exception):
    """Somebody else holds the lease; ``owner`` says who."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        super().__init__(owner)


def is_held(name: str) -> bool:
    """Whether somebody holds the lease now."""
    return Lease.objects.filter(name=name, until__gt=timezone.now()).exists()


def claim(name: str, length: timedelta) -> bool:
    """Take a lease that nobody gives back: true once in ``length``, in whichever process."""
    return _take_free_or_expired(name, f"process {os.getpid()}, claimed", length)


def stand_in_line(name: str) -> None:
    """Let one transaction after the other do this: a lock of a row until the end of this one.

    A row of its own: foreign keys of notifications would wait for a locked account on MariaDB.
    """
    upsert(
        Lease, [Lease(name=name, owner="", until=timezone.now())], key=("name",), update=("name",)
    )


class HeldLease:
    """A lease we hold; beat it while working, release it after."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._owner = f"{socket.gethostname()[:40]}, process {os.getpid()}, {uuid.uuid4().hex[:8]}"
        self._beaten_at = self._alive_at = timezone.now()
        self._take()

    def beat(self) -> None:
        """Prolong the lease, at most every 20 s. Raises ``LeaseTaken`` when it was lost."""
        now = self._alive_at = timezone.now()
        if now - self._beaten_at < _BEAT:
            return
        if not self._prolong(now):
            raise LeaseTaken(self._holder())

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the lease also while the holder has no time to beat it.

        A statement of the database or a long computation may outlast the lease; then a
        thread beats it on a connection of its own, which until then is not opened. It does
        so only as long as the holder beats now and then: one that hangs blocks nobody.
        """
        enough = Event()
        keeper = Thread(target=self._keep, args=(enough,), name="mango-lease", daemon=True)
        # Inside a transaction the row is not visible to another connection.
        is_needed = not connections[DEFAULT_DB_ALIAS].in_atomic_block
        if is_needed:
            keeper.start()
        try:
            yield
        finally:
            enough.set()
            if is_needed:
                keeper.join(_FAREWELL)

    def release(self) -> None:
        """Give the lease back; harmless when it was lost."""
        Lease.objects.filter(name=self._name, owner=self._owner).delete()

    def _keep(self, enough: Event) -> None:
        while not enough.wait(_LOOK.total_seconds()):
            now = timezone.now()
            if now - self._beaten_at < _OVERDUE or now - self._alive_at > _PATIENCE:
                continue
            try:
                # Where it was lost, the holder learns it at his next beat.
                self._prolong(now)
            except DatabaseError as error:
                log.info("the lease could not be prolonged: %s", type(error).__name__)
            finally:
                connections.close_all()  # those of this thread

    def _prolong(self, now: datetime) -> bool:
        mine = Lease.objects.filter(name=self._name, owner=self._owner)
        is_ours = bool(mine.update(until=now + LIFETIME))
        if is_ours:
            self._beaten_at = now
        return is_ours

    def _take(self) -> None:
        # A second time where the lease was given back between two of our statements.
        for _try in range(2):
            if _take_free_or_expired(self._name, self._owner, LIFETIME):
                return
        raise LeaseTaken(self._holder())

    def _holder(self) -> str:
        owner = Lease.objects.filter(name=self._name).values_list("owner", flat=True).first()
        return _in_words((owner or "").rpartition(",")[0])


def _take_free_or_expired(name: str, owner: str, length: timedelta) -> bool:
    now = timezone.now()
    until = now + length
    try:
        with transaction.atomic():
            Lease.objects.create(name=name, owner=owner, until=until)
    except IntegrityError:
        expired = Lease.objects.filter(name=name, until__lt=now)
        return bool(expired.update(owner=owner, until=until))
    return True


def _in_words(owner: str) -> str:
    """Who it is, for people: ``crm2, process 7`` in their language."""
    host, separator, process = owner.rpartition(", process ")
    if not separator:
        return owner
    return _("%(host)s, process %(process)s") % {"host": host, "process": process}
