"""Leases: one worker for one piece of work, without a lock that outlives its holder."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..models import Lease

#: A killed holder blocks others for so long at most.
LIFETIME = timedelta(minutes=2)
_BEAT = timedelta(seconds=20)


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


class HeldLease:
    """A lease we hold; beat it while working, release it after."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._owner = f"{socket.gethostname()[:40]}, process {os.getpid()}, {uuid.uuid4().hex[:8]}"
        self._beaten_at = timezone.now()
        self._take()

    def beat(self) -> None:
        """Prolong the lease, at most every 20 s. Raises ``LeaseTaken`` when it was lost."""
        now = timezone.now()
        if now - self._beaten_at < _BEAT:
            return
        mine = Lease.objects.filter(name=self._name, owner=self._owner)
        if not mine.update(until=now + LIFETIME):
            raise LeaseTaken(self._holder())
        self._beaten_at = now

    def release(self) -> None:
        """Give the lease back; harmless when it was lost."""
        Lease.objects.filter(name=self._name, owner=self._owner).delete()

    def _take(self) -> None:
        # A second time where the lease was given back between two of our statements.
        for _ in range(2):
            if _take_free_or_expired(self._name, self._owner, LIFETIME):
                return
        raise LeaseTaken(self._holder())

    def _holder(self) -> str:
        owner = Lease.objects.filter(name=self._name).values_list("owner", flat=True).first()
        return (owner or "").rpartition(",")[0]


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
