"""The data and its invariants: no HTTP, no use cases (those are ``services``)."""

from .account import Account, Lease
from .call import Call, CallParty
from .call_work import CallWork
from .command import Command
from .contact_number import ContactNumber
from .directory import Employee, EmployeeAddress, Group, Line
from .notification import Notification
from .preference import Preference
from .record import CallRecord
from .recording import Recording
from .stats_import import StatsImport

__all__ = [
    "Account",
    "Call",
    "CallParty",
    "CallRecord",
    "CallWork",
    "Command",
    "ContactNumber",
    "Employee",
    "EmployeeAddress",
    "Group",
    "Lease",
    "Line",
    "Notification",
    "Preference",
    "Recording",
    "StatsImport",
]
