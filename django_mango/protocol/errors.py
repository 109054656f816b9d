"""What can go wrong between us and the service, as one tree.

::

    MangoError
    |-- InputError             refused here; nothing was or will be sent
    |-- ReadError              a notification that cannot be understood
    `-- ServiceError           the service, or the way to it, said no
        |-- NotSent            no connection: the service saw nothing
        |-- AnswerLost         sent, but the answer never came: fate unknown
        |-- LockedOut          HTTP 401: too many wrong requests (§1.4.1, Q12)
        |-- RateLimited        HTTP 429 or 503, codes 4290 and 5008 (§1.4.2, Q14)
        |-- UnexpectedAnswer   HTML, cut JSON, a status nobody documents (Q20)
        |-- ResultGone         HTTP 404 of a statistics key (Q22)
        |-- NotReady           statistics that did not come in the time we allow
        `-- Refused            the service answered with a result code (§Codes)
            |-- BillingRefused     2xxx
            |-- WrongRequest       3xxx, counted towards the lock-out (§1.4.1)
            |   `-- WrongKeys      3102 wrong signature, 3105 wrong key
            |-- Impossible         4xxx
            |   `-- AlreadyEnded   4101: for a hang-up a success
            `-- ServerFault        5xxx and anything unclassified

Errors carry evidence (path, HTTP status, result code, the vendor's request id)
and never a key, a salt or a signature. ``is_uncertain`` of a service error tells
that the effect asked for may have happened all the same: such a command is
``unknown`` in the journal and is never repeated.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypedDict, Unpack

from . import codes


class MangoError(Exception):
    """Root of everything this package raises."""


class InputError(MangoError, ValueError):
    """A value the service would refuse; caught before anything is sent (Q12).

    ``field`` names the offending parameter, ``reason`` is a stable word that
    surfaces translate (``required``, ``too_long``, ``period`` ...).
    """

    def __init__(self, field: str, reason: str, detail: str = "") -> None:
        self.field = field
        self.reason = reason
        self.detail = detail
        super().__init__(field, reason, detail)

    def __str__(self) -> str:
        return f"{self.field}: {self.detail or self.reason}"


class ReadError(MangoError):
    """A notification or an answer body that does not have the documented shape."""


class Evidence(TypedDict, total=False):
    """What every service error may carry; all of it is safe to show."""

    path: str
    status: int | None
    code: int | None
    request_id: str


class ServiceError(MangoError):
    """Base of all failures that involve the service; carries the evidence.

    ``status`` is the HTTP status, ``code`` the result code, ``request_id`` the
    vendor's ``X-Uuid`` (Q10), each empty or ``None`` where there was none.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        status: int | None = None,
        code: int | None = None,
        request_id: str = "",
    ) -> None:
        self.message = message
        self.path = path
        self.status = status
        self.code = code
        self.request_id = request_id
        super().__init__(message)

    @property
    def is_uncertain(self) -> bool:
        """Whether the effect asked for may have happened although this error came back."""
        return False

    def __str__(self) -> str:
        evidence = [
            f"{name} {value}"
            for name, value in (
                ("path", self.path),
                ("HTTP", self.status),
                ("code", self.code),
                ("request", self.request_id),
            )
            if value not in (None, "")
        ]
        return f"{self.message} ({', '.join(evidence)})" if evidence else self.message


class NotSent(ServiceError):
    """No connection could be made; the service saw nothing, repeating is safe."""


class AnswerLost(ServiceError):
    """The request left, the answer did not arrive: the effect may have happened."""

    @property
    def is_uncertain(self) -> bool:
        return True


class LockedOut(ServiceError):
    """HTTP 401: the service refuses this account for a while (§1.4.1, Q12, Q17).

    ``until`` is the aware UTC moment after which asking again makes sense; ``None``
    where nobody has worked it out. ``status`` is ``None`` when the request was held
    back here because the lock-out was known already.
    """

    def __init__(
        self, message: str, *, until: datetime | None = None, **evidence: Unpack[Evidence]
    ) -> None:
        self.until = until
        super().__init__(message, **evidence)


class RateLimited(ServiceError):
    """More requests than allowed (§1.4.2, Q14); the request was not processed."""


# Statuses by which an HTTP server says that it did not act on the request.
_NOT_ACTED_ON: Final = frozenset({400, 403, 404, 405, 410, 413, 415})


class UnexpectedAnswer(ServiceError):
    """The answer is not what the protocol promises (Q20).

    An effect may have happened, except behind a status by which HTTP itself says
    that nothing was done, such as 404 for a wrong ``API_URL``.
    """

    @property
    def is_uncertain(self) -> bool:
        return self.status not in _NOT_ACTED_ON


class ResultGone(ServiceError):
    """The statistics key is unknown or outdated (§3.4.1.2, Q22): ask anew once."""


class NotReady(ServiceError):
    """The statistics were not ready within the time the caller allows (Q21); try again later."""


class Refused(ServiceError):
    """The service processed the request and said no, with a result code (§Codes)."""

    def meaning(self, language: str = "en") -> str:
        """The official meaning of the code, by class where the code is unknown."""
        return codes.meaning(self.code or 0, language)


class BillingRefused(Refused):
    """2xxx: money, tariff or a blocked account."""


class WrongRequest(Refused):
    """3xxx: counted by the service; the second within two minutes locks us out (§1.4.1)."""


class WrongKeys(WrongRequest):
    """3102 or 3105: the key or the salt is wrong."""


class Impossible(Refused):
    """4xxx: the request is well formed but cannot be done now."""


class AlreadyEnded(Impossible):
    """4101: the call is over or was never there; for a hang-up that is a success."""

    CODE: Final = 4101


# 5xxx codes after which a call may ring all the same: faults in the middle of the work.
# 5001 and 5005 refuse before it, 5009 and above are conditions that do not hold.
_IN_THE_MIDDLE: Final = frozenset({5000, 5002, 5003, 5004, 5006, 5007, 5011})


class ServerFault(Refused):
    """5xxx and unclassified codes: a fault inside the service.

    5011, a time-out inside the service, is the plainest case of an uncertain effect (Q18).
    """

    @property
    def is_uncertain(self) -> bool:
        known = codes.nearest(self.code or 0)
        return known == 0 or known in _IN_THE_MIDDLE


def refusal(
    code: int, *, path: str = "", status: int | None = None, request_id: str = ""
) -> Refused | RateLimited:
    """The typed error for a result code that is not a success (§Codes, Q14)."""
    message = codes.meaning(code, "en")
    kind: type[Refused | RateLimited]
    if code in (4290, 5008):
        kind = RateLimited
    elif code in (3102, 3105):
        kind = WrongKeys
    elif code == 4101:
        kind = AlreadyEnded
    else:
        kind = {2: BillingRefused, 3: WrongRequest, 4: Impossible}.get(code // 1000, ServerFault)
    return kind(message, path=path, status=status, code=code, request_id=request_id)
