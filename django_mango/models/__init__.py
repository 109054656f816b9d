"""The data and its invariants: no HTTP, no use cases (those are ``services``)."""

from .account import Account, Lease
from .call import Call, CallParty
from .command import Command
from .directory import Employee, EmployeeAddress, Group, Line
from .notification import Notification
from .record import CallRecord
from .stats_import import StatsImport

__all__ = [
    "Account",
    "Call",
    "CallParty",
    "CallRecord",
    "Command",
    "Employee",
    "EmployeeAddress",
    "Group",
    "Lease",
    "Line",
    "Notification",
    "StatsImport",
]
