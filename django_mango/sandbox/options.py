"""What a sandbox can be told, as one checked value."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_MOST_A_DAY = 200_000


class OptionError(ValueError):
    """An option that makes no sense; the text is one line for a person."""


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Options of the command line, with the same names and defaults, and a few for tests.

    ``speed`` divides the seconds of calls (lock-out, limits and statistics run in
    real time). ``calls`` and ``days`` are the generated history; ``history_end`` is
    its end in Unix seconds, by default the moment of the start. ``talk_seconds`` is
    the usual talk, ``statistics_delay`` the seconds until a report is ready.
    ``enforce_limits=False`` switches lock-out and rate limits off.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    api_key: str = "demo-key"
    api_salt: str = field(default="demo-salt", repr=False)
    webhook: str = ""
    seed: int = 1
    calls: int = 300
    days: int = 30
    speed: float = 1.0
    chaos: bool = False
    record: bool = False
    async_results: bool = False
    talk_seconds: float = 20.0
    statistics_delay: float = 2.0
    enforce_limits: bool = True
    history_end: float | None = None

    def __post_init__(self) -> None:
        if not _is_loopback(self.host):
            raise OptionError(f"--host {self.host}: the sandbox listens on loopback only")
        if not 0 <= self.port <= 65535:
            raise OptionError(f"--port {self.port}: a port is between 0 and 65535")
        if not (self.api_key and self.api_salt):
            raise OptionError("--api-key and --api-salt must not be empty")
        if self.webhook and not _is_http(self.webhook):
            raise OptionError(f"--webhook {self.webhook}: an http or https address is needed")
        if not (math.isfinite(self.speed) and self.speed > 0):
            raise OptionError(f"--speed {self.speed}: must be greater than 0")
        if self.calls < 0:
            raise OptionError(f"--calls {self.calls}: must not be negative")
        if not 1 <= self.days <= 3660:
            raise OptionError(f"--days {self.days}: must be between 1 and 3660")
        if self.calls > _MOST_A_DAY * self.days:
            raise OptionError(f"--calls {self.calls}: at most {_MOST_A_DAY} a day")
        if self.talk_seconds < 0 or self.statistics_delay < 0:
            raise OptionError("seconds must not be negative")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
