"""When a request may be sent again: reads only, a few times, with growing pauses."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from ..protocol.commands import Command
from ..protocol.errors import (
    AnswerLost,
    NotSent,
    RateLimited,
    ServerFault,
    ServiceError,
    UnexpectedAnswer,
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a failed *read* is repeated; an effect never is, whatever happened to it (Q18).

    ``attempts`` counts the first one. The pause before attempt n+1 is drawn from the
    upper half of ``first_pause * 2**(n-1)`` seconds, cut at ``longest_pause``, so that
    processes which failed together do not come back together.
    """

    attempts: int = 3
    first_pause: float = 2.0
    longest_pause: float = 30.0
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def pause(self, command: Command, error: ServiceError, attempt: int) -> float | None:
        """Seconds to wait before ``command`` is sent again; ``None``: let the error out.

        ``attempt`` is the number of the attempt that failed with ``error``, from 1.
        """
        if attempt >= self.attempts or not self.may_repeat(command, error):
            return None
        longest = min(self.longest_pause, self.first_pause * 2.0 ** (attempt - 1))
        return longest * (0.5 + self.chance() / 2)

    def may_repeat(self, command: Command, error: ServiceError) -> bool:
        """Whether another attempt can help and cannot hurt.

        Wrong requests (3xxx) count towards the lock-out and 401 asks for two minutes
        of silence (§1.4.1): neither is ever repeated, nor is anything that was understood
        and refused.
        """
        if not command.is_read:
            return False
        if isinstance(error, UnexpectedAnswer):
            return error.status is not None and error.status >= 500
        if isinstance(error, ServerFault):
            return error.is_uncertain and error.code is not None and 5000 <= error.code <= 5099
        return isinstance(error, (NotSent, AnswerLost, RateLimited))


#: For callers who do their own repeating, or want none.
NO_RETRIES = RetryPolicy(attempts=1)
