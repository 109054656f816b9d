"""``python -m example_project.demo [--once] [--port N]``.

Exit code 0 when the demo did its work and was ended in good order, 1 with one line on a failure,
128 + the signal when it was interrupted before it was ready.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from .children import Children
from .failure import Failure
from .servers import start_pbx, start_site

VAR = Path(__file__).resolve().parent.parent.parent / "var"
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """Somebody asked the demo to end. Not an ``Exception``: no part may swallow it."""

    def __init__(self, number: int) -> None:
        self.number = number


def main() -> int:
    options = _options()
    for number in ENDING:
        signal.signal(number, _end)
    if "MAKELEVEL" in os.environ:
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    ready = False
    try:
        with _room(options.once) as room, Children() as children, _undisturbed_after():
            _play(children, room, options)
            ready = True
            if not options.once:
                _serve(children)
    except Ended as ended:
        return 0 if ready else 128 + ended.number
    except Failure as failure:
        return _failed(str(failure))
    except Exception as error:
        if options.traceback:
            raise
        return _failed(f"{type(error).__name__}: {error} (--traceback shows where)")
    return 0


def _failed(reason: str) -> int:
    print(f"The demo failed: {' '.join(reason.split())}", file=sys.stderr)
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="example_project.demo", description="The example CRM.")
    parser.add_argument("--once", action="store_true", help="end after one call and one import")
    parser.add_argument(
        "--port", type=int, default=0, help="port of the site (default: a free one)"
    )
    parser.add_argument("--speed", type=float, help="how many times faster calls go (--once: 5)")
    parser.add_argument("--traceback", action="store_true", help="show where an error came from")
    return parser.parse_args()


def _end(number: int, frame: FrameType | None) -> None:
    raise Ended(number)


def _end_with(parent: int) -> None:
    """End when ``make`` is gone: killed, it cannot tell us."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _undisturbed_after() -> Iterator[None]:
    """Once the work is over nothing cuts the ending short, least of all a second Ctrl-C."""
    try:
        yield
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def _room(once: bool) -> Iterator[Path]:
    """A directory for a new database, gone afterwards; two demos never share one."""
    if not once:
        VAR.mkdir(exist_ok=True)
    # Not a TemporaryDirectory: its clean-up fails where a killed server still had a file open.
    room = Path(tempfile.mkdtemp(prefix="demo-", dir=None if once else VAR))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _play(children: Children, room: Path, options: argparse.Namespace) -> None:
    # Who stays wants to watch a call go as calls do.
    speed = options.speed or (5.0 if options.once else 1.0)
    pbx = start_pbx(children, options.port, speed)
    # The settings read the environment once, so it must be complete before Django starts.
    environment = {**pbx.environment, "EXAMPLE_DB": str(room / "demo.sqlite3")}
    os.environ.update(environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "example_project.settings"
    import django

    django.setup()
    from .report import show_environment
    from .story import tell

    tell(lambda: start_site(children, pbx))
    show_environment(environment)


def _serve(children: Children) -> None:
    print("Serving until Ctrl-C.", flush=True)
    while (child := children.fallen()) is None:
        time.sleep(0.5)
    raise child.ended()


if __name__ == "__main__":
    sys.exit(main())
