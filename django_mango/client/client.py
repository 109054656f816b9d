"""The client: one command in, an answer or a typed error out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Self

import requests

from ..protocol import answers
from ..protocol.answers import Answer
from ..protocol.commands import Command
from ..protocol.encoding import compact_json, form_body
from ..protocol.errors import ServiceError
from ..protocol.signing import Credentials
from .limits import Gate
from .policy import RetryPolicy
from .redaction import Redactor
from .transport import Reply, Transport

log = logging.getLogger("django_mango.client")

API_URL = "https://app.mango-office.ru/vpbx/"


class Client:
    """Sends commands to one PBX. Keep one per process and account; threads may share it.

    ``timeout`` is (connect, read) in seconds; ``clock`` gives monotonic seconds and
    ``sleep`` waits seconds, both for tests. A ``gate`` of yours keeps its own. An effect
    (callback, hang-up) is sent at most once, whatever happens; reads follow ``policy``.
    Neither repr, nor log, nor error shows a part of the credentials.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        api_url: str = API_URL,
        timeout: tuple[float, float] = (5.0, 30.0),
        gate: Gate | None = None,
        policy: RetryPolicy | None = None,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._credentials = credentials
        self._transport = Transport(api_url, timeout, session)
        self.sleep = sleep or _sleep
        self.clock = clock or time.monotonic
        self.gate = gate or Gate(clock=self.clock, sleep=self.sleep)
        self.policy = policy or RetryPolicy()
        self.redact = Redactor(credentials)

    def send(self, command: Command) -> Answer:
        """Send ``command`` and decode its answer.

        Raises the ``ServiceError`` that says what went wrong; its ``is_uncertain`` tells
        whether an effect may have happened all the same. ``LockedOut`` and
        ``RateLimited`` without a ``status`` were held back here.
        """
        attempt = 1
        while True:
            self.gate.before(command)
            outcome = self._exchange(command)
            if isinstance(outcome, Answer):
                return outcome
            pause = self.policy.pause(command, outcome, attempt)
            if pause is None:
                raise outcome
            log.info("%s: attempt %s failed, next in %.1f s", command.kind, attempt, pause)
            self.sleep(pause)
            attempt += 1

    def open(self, command: Command) -> Reply:
        """Send ``command`` once and return the reply with its body unread; close it.

        For large bodies, by callers who decode and repeat themselves and say how it
        went with ``told`` or ``gate.told``. Raises what ``send`` does when there is no reply.
        """
        self.gate.before(command)
        reply = self._post(command)
        if isinstance(reply, ServiceError):
            raise self.told(command, reply)
        return reply

    def told(
        self, command: Command, error: ServiceError, reply: Reply | None = None
    ) -> ServiceError:
        """Book a failure: complete its evidence, teach the gate, mask secrets, log."""
        error.path = error.path or command.path
        if reply is not None:
            error.request_id = error.request_id or answers.request_id(reply.headers)
        self.gate.told(command, error)
        self.redact.clean(error)
        log.warning("%s failed: %s: %s", command.kind, type(error).__name__, error)
        return error

    def close(self) -> None:
        """Close idle connections. A session given to the constructor stays open."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._transport.host}>"

    def _exchange(self, command: Command) -> Answer | ServiceError:
        """One request. Errors are returned: the frames here hold the body."""
        began = self.clock()
        reply = self._post(command)
        if isinstance(reply, ServiceError):
            return self.told(command, reply)
        try:
            answer = answers.decode(command, reply.status, reply.headers, reply.read())
        except ServiceError as error:
            return self.told(command, error, reply)
        self.gate.told(command, None)
        log.info(
            "%s: HTTP %s, code %s, %.3f s, request %s",
            *(command.kind, answer.status, answer.code, self.clock() - began),
            self.redact(answer.request_id),
        )
        return answer

    def _post(self, command: Command) -> Reply | ServiceError:
        form = form_body(self._credentials, compact_json(command.payload()))
        return self._transport.post(command.path, form, alone=not command.is_read)


def _sleep(seconds: float) -> None:
    # Looked up late, so that a test that replaces time.sleep reaches it.
    time.sleep(seconds)
