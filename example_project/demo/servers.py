"""The two servers of the demo: the sandbox PBX and the site."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from .children import Children
from .failure import Failure

#: Seconds a server has to come up on a slow, busy machine.
PATIENCE = 60.0
CALLS = 400
DAYS = 30

_READY = re.compile(r"Mango sandbox is ready: (\S+)")


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
    port = free_port(site_port)
    command = ["django_mango.sandbox", "--port", "0", "--calls", str(CALLS), "--days", str(DAYS)]
    command += ["--speed", str(speed)]
    command += ["--webhook", f"http://127.0.0.1:{port}/mango/default"]
    child = children.start("The sandbox PBX", command, {})
    return Pbx(child.wait_for(_READY, PATIENCE), port)


def start_site(children: Children, pbx: Pbx) -> str:
    """Start the site; its address, with a slash at the end."""
    address = f"127.0.0.1:{pbx.site_port}"
    command = ["example_project.manage", "runserver", "--noreload", address]
    child = children.start("The site", command, pbx.environment)
    # Not the banner: its wording changes with Django.
    child.wait_until(lambda: _answers(pbx.site_port), PATIENCE)
    return f"http://{address}/"


def _answers(port: int) -> bool:
    """Whether the address for notifications says that it is alive."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/mango/default")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def free_port(wanted: int) -> int:
    with socket.socket() as probe:
        # As the servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except (OSError, OverflowError) as error:
            raise Failure(f"port {wanted} cannot be used: {error}") from error
        port: int = probe.getsockname()[1]
        return port
