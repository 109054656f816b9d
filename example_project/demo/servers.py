"""The two servers of the demo: the sandbox PBX and the site."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from .children import Children
from .failure import Failure

#: Seconds a server has to come up on a slow, busy machine.
PATIENCE = 60.0
CALLS = 400
DAYS = 30

_PBX_READY = re.compile(r"Mango sandbox is ready: (\S+)")
_SITE_READY = re.compile(r"Starting development server at (\S+)")


@dataclass(frozen=True, slots=True)
class Pbx:
    """A running sandbox PBX and the port of the site it sends its notifications to."""

    url: str
    site_port: int

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "MANGO_API_URL": self.url,
            "MANGO_API_KEY": "demo-key",
            "MANGO_API_SALT": "demo-salt",
        }


def start_pbx(children: Children, site_port: int, speed: float) -> Pbx:
    """Start the sandbox PBX with a month of history; ``site_port`` 0 picks a free one.

    Calls go ``speed`` times as fast as real ones.
    """
    port = _free_port(site_port)
    command = ["django_mango.sandbox", "--port", "0", "--calls", str(CALLS), "--days", str(DAYS)]
    command += ["--speed", str(speed)]
    command += ["--webhook", f"http://127.0.0.1:{port}/mango/default"]
    child = children.start("The sandbox PBX", command, {})
    return Pbx(child.wait_for(lambda line: _found(_PBX_READY, line), PATIENCE), port)


def start_site(children: Children, pbx: Pbx) -> str:
    """Start the site; its address, with a slash at the end."""
    command = ["example_project.manage", "runserver", "--noreload", f"127.0.0.1:{pbx.site_port}"]
    child = children.start("The site", command, pbx.environment)
    return child.wait_for(lambda line: _found(_SITE_READY, line), PATIENCE)


def _found(pattern: re.Pattern[str], line: str) -> str | None:
    match = pattern.search(line)
    return match.group(1) if match else None


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        # As the servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except (OSError, OverflowError) as error:
            raise Failure(f"port {wanted} cannot be used: {error}") from error
        port: int = probe.getsockname()[1]
        return port
