"""What a person is told when something cannot be done.

Raised before anything is written or sent. ``str(error)`` is one line in the
language active at that moment; ``code`` is a stable word for programs.
"""

from __future__ import annotations

from django.utils.functional import Promise


class UserError(Exception):
    """Base of all refusals with a message for people."""

    def __init__(self, message: str | Promise, code: str = "refused") -> None:
        self.message = message
        self.code = code
        super().__init__(message)

    def __str__(self) -> str:
        return str(self.message)


class PermissionRefused(UserError):
    """The user has not the right."""


class NoExtension(UserError):
    """Nobody's phone would ring: the user has no extension in this PBX (Q86)."""


class NumberRefused(UserError):
    """The text is no number that can be dialled."""


class DestinationRefused(UserError):
    """The number is fine, but calls there are not allowed."""


class TooManyCalls(DestinationRefused):
    """The user has placed as many calls as he may, for now."""


class ColleagueBusy(UserError):
    """Somebody of us is in a call with this client now; the message asks whether to call anyway."""


class AccountUnknown(UserError):
    """The settings have no such PBX account."""


class DirectoryRefused(UserError):
    """What the PBX said of its people cannot be true."""


class NothingToHangUp(UserError):
    """The call is over, or it has no leg this user could end."""


class InsideTransaction(UserError):
    """A command inside a transaction could be sent and then forgotten."""


class ImportRunning(UserError):
    """Another process imports for this account now."""


class PeriodRefused(UserError):
    """The period makes no sense: upside down, in the future, without a time zone."""


class NotStarted(UserError):
    """Neither a queue nor a process of its own took the work."""


class TooSoon(UserError):
    """The same was asked for a moment ago."""


class ImportIncomplete(UserError):
    """A window of an import failed; its ``StatsImport`` row says why. For queues."""


class FileRefused(UserError):
    """The file cannot be imported: it cannot be opened, or its fields are unknown."""
