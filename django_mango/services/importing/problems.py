"""Why a window failed, as a stable word."""

from __future__ import annotations

from django.utils import timezone

from ...models import StatsImport
from ...protocol import errors
from ..leases import LeaseTaken
from .writing import printable

Problem = StatsImport.Problem
_SHOWN = 500

#: The first that applies; classes of errors stand before their bases.
_PROBLEMS: tuple[tuple[type[BaseException], Problem], ...] = (
    (errors.NotSent, Problem.NOT_SENT),
    (errors.AnswerLost, Problem.BROKE_OFF),
    (errors.LockedOut, Problem.LOCKED_OUT),
    (errors.RateLimited, Problem.RATE_LIMITED),
    (errors.UnexpectedAnswer, Problem.UNEXPECTED),
    (errors.ReadError, Problem.UNEXPECTED),
    (errors.ResultGone, Problem.GONE),
    (errors.NotReady, Problem.NOT_READY),
    (errors.Refused, Problem.REFUSED),
    (LeaseTaken, Problem.TAKEN_OVER),
    (KeyboardInterrupt, Problem.INTERRUPTED),
    (SystemExit, Problem.INTERRUPTED),
    (GeneratorExit, Problem.INTERRUPTED),
)


def problem_of(error: BaseException) -> Problem:
    """The word for an error; what nobody foresaw is a fault of ours."""
    return next((word for kind, word in _PROBLEMS if isinstance(error, kind)), Problem.FAULT)


def fail(window: StatsImport, error: BaseException) -> None:
    """Note in the window why it failed; the caller saves it."""
    window.state = StatsImport.State.FAILED
    window.problem = problem_of(error)
    window.result_code = getattr(error, "code", None) if window.problem == "refused" else None
    window.error = printable(details_of(error))[:_SHOWN]
    window.finished_at = timezone.now()


def details_of(error: BaseException) -> str:
    """Evidence for the journal, English. Of a fault only its kind: its text may quote data."""
    if isinstance(error, errors.MangoError):
        return str(error)
    return type(error).__name__


def ends_the_run(error: BaseException) -> bool:
    """Whether asking on is useless or does harm.

    A second wrong request locks the account out, asking on prolongs that (§1.4.1, Q12).
    """
    return isinstance(error, (errors.LockedOut, errors.WrongRequest))
