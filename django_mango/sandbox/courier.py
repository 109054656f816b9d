"""Delivery of notifications: signed, posted one by one in a thread of its own (§2.1.1)."""

from __future__ import annotations

import random
import sys
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from typing import Any

from django_mango.protocol.encoding import CONTENT_TYPE, compact_json, form_body
from django_mango.protocol.signing import Credentials

from .scheduler import Scheduler

Post = Callable[[str, bytes], int]

#: Seconds a receiver may take; the service's own patience is not documented (1.9).
PATIENCE = 5.0
_REMEMBERED = 10_000
_TOLD_AT_ONCE = 5


class Chaos:
    """Delivery as bad as the protocol allows: lost, late, twice, out of order (Q49-Q57)."""

    LOST, TWICE, LATE = 0.2, 0.15, 0.4
    LATEST = 3.0

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"chaos:{seed}")

    def delays(self) -> list[float]:
        """Seconds after which to deliver a notification, once for each time; [] loses it."""
        if self._random.random() < self.LOST:
            return []
        copies = 2 if self._random.random() < self.TWICE else 1
        return [self._delay() for _ in range(copies)]

    def _delay(self) -> float:
        late = self._random.random() < self.LATE
        return self._random.uniform(0.0, self.LATEST) if late else 0.0


class Courier:
    """Takes notifications from any thread and posts them in the order they became due.

    A delivery that fails is counted and told on stderr, and never repeated: the
    service's schedule of repetitions is not documented (Q55). ``sent`` counts
    notifications; of them chaos makes some ``lost``, some ``doubled`` and some ``late``;
    ``delivered`` and ``failed`` count posts.
    """

    def __init__(
        self,
        credentials: Credentials,
        scheduler: Scheduler,
        *,
        webhook: str = "",
        chaos: Chaos | None = None,
        post: Post | None = None,
    ) -> None:
        self._credentials = credentials
        self._scheduler = scheduler
        self._chaos = chaos
        self._post = post or _post
        self.webhook = webhook
        self.delivered = 0
        self.failed = 0
        self.sent = 0
        self.lost = 0
        self.doubled = 0
        self.late = 0
        self.journal: deque[tuple[str, dict[str, object]]] = deque(maxlen=_REMEMBERED)

    def send(self, kind: str, payload: dict[str, object]) -> None:
        """Deliver ``payload`` to ``<webhook>/<kind>``; without a webhook it is only remembered."""
        self.journal.append((kind, payload))
        if not self.webhook:
            return
        url = f"{self.webhook.rstrip('/')}/{kind}"
        body = form_body(self._credentials, compact_json(payload))
        delays = self._chaos.delays() if self._chaos else [0.0]
        self.sent += 1
        self.lost += not delays
        self.doubled += len(delays) > 1
        self.late += any(delays)
        for delay in delays:
            self._scheduler.after(delay, lambda: self._deliver(url, body))

    def _deliver(self, url: str, body: bytes) -> None:
        try:
            status = self._post(url, body)
        except (OSError, ValueError) as error:
            self._fail(url, str(getattr(error, "reason", None) or type(error).__name__))
            return
        if 200 <= status < 300:
            self.delivered += 1
        else:
            self._fail(url, f"HTTP {status}")

    def _fail(self, url: str, why: str) -> None:
        self.failed += 1
        if self.failed <= _TOLD_AT_ONCE or self.failed % 100 == 0:
            print(
                f"Mango sandbox: notification {self.failed} not delivered to {url}: {why}",
                file=sys.stderr,
                flush=True,
            )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect of a POST would lose its body: it is a failure (Q58)."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


# No proxy of the environment stands between the sandbox and a site on the same machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def _post(url: str, body: bytes) -> int:
    request = urllib.request.Request(url, body, {"Content-Type": CONTENT_TYPE})  # noqa: S310
    try:
        with _opener.open(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
