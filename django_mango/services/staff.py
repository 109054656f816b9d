"""Employees, groups and lines from the PBX (§3.7), with the periods of their addresses.

Extensions change hands. What somebody had is his for that period, so that old calls
stay with whoever talked then. People of the CRM are never guessed: see ``mapping``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf
from ..client import Client
from ..models import Account, Employee, EmployeeAddress, Group, Line
from ..protocol import staff
from ..protocol.staff_requests import GroupsRequest, LinesRequest, UsersRequest
from .accounts import account_for, client_for
from .caching import forget
from .errors import DirectoryRefused
from .host_extensions import employee_by_host, people_of
from .leases import stand_in_line
from .mapping import users_of_crm
from .transactions import repeated

Kind = EmployeeAddress.Kind
Address = tuple[str, str]


@dataclass(slots=True)
class SyncReport:
    """What a synchronisation found. ``shared`` are addresses several employees have: nobody's.

    ``taken`` are addresses somebody has from now on; calls of theirs known before may have no
    owner yet, ``services.owning.own_calls`` gives them theirs.
    """

    account: Account
    employees: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    groups: int = 0
    lines: int = 0
    bad: int = 0
    shared: list[str] = field(default_factory=list)
    taken: set[Address] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Answers:
    members: staff.Read[staff.Member]
    groups: staff.Read[staff.GroupOfStaff]
    lines: staff.Read[staff.IncomingLine]


def sync_staff(
    account: Account | str | None = None,
    *,
    client: Client | None = None,
    dry_run: bool = False,
) -> SyncReport:
    """Make the directory of an account what the PBX says (§3.7.1, §3.7.2, §3.7.7).

    Everything is asked first and written in one transaction then. Employees who left are
    switched off and keep their history; names that people gave to lines stay. Raises
    ``ServiceError`` when the PBX does not answer, ``DirectoryRefused`` when it knows nobody
    although we do: an empty answer must not wipe a directory.
    """
    if not isinstance(account, Account):
        account = account_for(account)
    answers = _ask(client or client_for(account))
    known = Employee.objects.filter(account=account, is_active=True).exclude(pbx_user_id=None)
    if not answers.members.items and known.exists():
        raise DirectoryRefused(
            _("The PBX returned no employees; nothing was changed."), "no_employees"
        )
    run = _Sync(account, answers, timezone.now())
    if dry_run:
        return repeated(run.in_vain)
    report = repeated(run.write)
    if conf.extension_hook() is not None:
        for user in users_of_crm():
            employee_by_host(user, account)
    forget()
    return report


def _ask(client: Client) -> _Answers:
    region = conf.get("DEFAULT_REGION", str).upper()
    return _Answers(
        staff.members(client.send(UsersRequest()).data, region),
        staff.groups(client.send(GroupsRequest()).data),
        staff.lines(client.send(LinesRequest()).data),
    )


class _Sync:
    """One synchronisation of one account, inside one transaction."""

    def __init__(self, account: Account, answers: _Answers, now: datetime) -> None:
        self._account = account
        self._answers = answers
        self._now = now
        self._report = SyncReport(account)

    def in_vain(self) -> SyncReport:
        """The report of ``write``, without its effect."""
        report = self.write()
        transaction.set_rollback(True)
        return report

    def write(self) -> SyncReport:
        # In line: two of one moment would make everybody twice.
        stand_in_line(people_of(self._account))
        self._report = SyncReport(
            self._account,
            bad=self._answers.members.bad + self._answers.groups.bad + self._answers.lines.bad,
        )
        self._employees()
        self._lines()
        self._groups()
        return self._report

    def _employees(self) -> None:
        members = [one for one in self._answers.members.items if one.user_id is not None]
        self._report.bad += len(self._answers.members.items) - len(members)
        wanted = {one.user_id: _addresses(one) for one in members}
        shared = {one for one, count in Counter(_flat(wanted.values())).items() if count > 1}
        self._report.shared = sorted(value for _kind, value in shared)
        rows = self._rows(members)
        for one in members:
            if one.user_id is not None:
                self._employee(one, rows.get(one.user_id))
        people = {
            row.pbx_user_id: row
            for row in Employee.objects.filter(account=self._account).exclude(pbx_user_id=None)
        }
        self._report.employees = len(members)
        self._leave(people, {one.user_id for one in members})
        self._move(people, wanted, shared)

    def _rows(self, members: Iterable[staff.Member]) -> dict[int, Employee]:
        """Known employees by their id in the PBX; those entered by hand by their extension."""
        everybody = list(Employee.objects.filter(account=self._account))
        rows = {row.pbx_user_id: row for row in everybody if row.pbx_user_id is not None}
        by_hand = {row.pk: row for row in everybody if row.pbx_user_id is None}
        owners = dict(
            EmployeeAddress.objects.filter(
                account=self._account, kind=Kind.EXTENSION, employee__in=list(by_hand)
            )
            .valid_at(self._now)
            .values_list("value", "employee")
        )
        for one in members:
            owner = owners.pop(one.extension, None)
            if one.user_id is not None and one.user_id not in rows and owner in by_hand:
                rows[one.user_id] = by_hand.pop(owner)
        return rows

    def _employee(self, one: staff.Member, row: Employee | None) -> None:
        values = {
            "pbx_user_id": one.user_id,
            "name": one.name or (row.name if row else one.extension or str(one.user_id)),
            "email": one.email,
            "is_active": True,
        }
        if row is None:
            Employee.objects.create(account=self._account, synced_at=self._now, **values)
            self._report.added += 1
            return
        self._report.changed += any(getattr(row, name) != value for name, value in values.items())
        for name, value in values.items():
            setattr(row, name, value)
        row.synced_at = self._now
        row.save()

    def _leave(self, people: Mapping[int | None, Employee], present: set[int | None]) -> None:
        """Who is not in the PBX any more keeps his calls and has no addresses from now on."""
        for user_id, row in people.items():
            if user_id not in present and row.is_active:
                row.is_active = False
                row.save(update_fields=["is_active"])
                self._report.gone += 1

    def _move(
        self,
        people: Mapping[int | None, Employee],
        wanted: Mapping[int | None, set[Address]],
        shared: set[Address],
    ) -> None:
        """Close the periods of what somebody had, open those of what somebody has.

        What people entered by hand stays, unless the PBX says that it is somebody else's.
        """
        current: dict[Address, set[int]] = {}
        everybody = EmployeeAddress.objects.filter(account=self._account)
        past = set(everybody.values_list("kind", "value"))
        claimed = {
            address: people[user_id].pk
            for user_id, addresses in wanted.items()
            for address in addresses - shared
        }
        ids = {row.pk: user_id for user_id, row in people.items()}
        for row in everybody.valid_at(self._now):
            address = (row.kind, row.value)
            mine = address in wanted.get(ids.get(row.employee_id), set())
            if mine or not (row.is_synced or address in claimed):
                current.setdefault(address, set()).add(row.employee_id)
                if mine and not row.is_synced:
                    row.is_synced = True
                    row.save(update_fields=["is_synced"])
            else:
                self._close(row)
        for address, employee_id in sorted(claimed.items()):
            if employee_id not in current.get(address, set()):
                self._open(employee_id, address, is_first=address not in past)

    def _close(self, row: EmployeeAddress) -> None:
        if row.valid_from is not None and row.valid_from >= self._now:
            row.delete()
            return
        row.valid_to = self._now
        row.save(update_fields=["valid_to"])

    def _open(self, employee_id: int, address: Address, *, is_first: bool) -> None:
        """The first owner we hear of had it all along; a later one has it from now on."""
        kind, value = address
        EmployeeAddress.objects.create(
            employee_id=employee_id,
            kind=kind,
            value=value,
            valid_from=None if is_first else self._now,
            is_synced=True,
        )
        self._report.taken.add(address)

    def _lines(self) -> None:
        known = {row.number: row for row in Line.objects.filter(account=self._account)}
        for one in self._answers.lines.items:
            row = known.pop(one.number, None) or Line(account=self._account, number=one.number)
            # The name of a SIP line is what commands must say (Q87); other names are for people.
            if one.number.lower().startswith("sip") or not row.name:
                row.name = one.name
            row.is_active = True
            row.save()
            self._report.lines += 1
        Line.objects.filter(pk__in=[row.pk for row in known.values()]).update(is_active=False)

    def _groups(self) -> None:
        known = {row.extension: row for row in Group.objects.filter(account=self._account)}
        for one in self._answers.groups.items:
            row = known.pop(one.extension, None) or Group(
                account=self._account, extension=one.extension
            )
            row.name, row.is_active = one.name or row.name, True
            row.save()
            self._report.groups += 1
        Group.objects.filter(pk__in=[row.pk for row in known.values()]).update(is_active=False)


def _addresses(one: staff.Member) -> set[Address]:
    """Every address of a member; an extension that is no number identifies nobody."""
    found = {(str(Kind.SIP), value) for value in one.sips}
    found |= {(str(Kind.NUMBER), value) for value in one.numbers}
    if one.extension.isascii() and one.extension.isdigit():
        found.add((str(Kind.EXTENSION), one.extension))
    return found


def _flat(sets: Iterable[set[Address]]) -> list[Address]:
    return [one for each in sets for one in each]
