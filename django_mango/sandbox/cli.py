"""The command line of the sandbox, shared with ``manage.py mango_sandbox``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TextIO

from .options import OptionError, SandboxOptions
from .pbx import Sandbox


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add every option to a parser; a Django command does this to its own."""
    default = SandboxOptions()
    add = parser.add_argument
    add("--host", default=default.host, help="address to listen on, loopback only")
    add("--port", type=int, default=default.port, help="port, 0 picks a free one")
    add("--api-key", default=default.api_key, help="key of the PBX")
    add("--api-salt", default=default.api_salt, help="salt of its signatures")
    add("--webhook", default="", metavar="URL", help="where notifications go, default nowhere")
    add("--seed", type=int, default=default.seed, help="seed of history and chaos")
    add("--calls", type=int, default=default.calls, help="calls of the generated history")
    add("--days", type=int, default=default.days, help="days the history goes back")
    add("--speed", type=float, default=default.speed, help="how many times faster calls go")
    add("--chaos", action="store_true", help="deliver late, twice, out of order or not at all")
    add("--record", action="store_true", help="record the talks of live calls")
    add("--async-results", action="store_true", help="tell results of commands only afterwards")


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m django_mango.sandbox``."""
    parser = argparse.ArgumentParser(
        prog="python -m django_mango.sandbox",
        description="A fake Mango Office PBX on loopback, for trying out and for tests.",
    )
    add_arguments(parser)
    return parser


def options_from(values: argparse.Namespace) -> SandboxOptions:
    """Checked options of parsed arguments; ``OptionError`` with one line otherwise."""
    return SandboxOptions(
        host=values.host,
        port=values.port,
        api_key=values.api_key,
        api_salt=values.api_salt,
        webhook=values.webhook,
        seed=values.seed,
        calls=values.calls,
        days=values.days,
        speed=values.speed,
        chaos=values.chaos,
        record=values.record,
        async_results=values.async_results,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean end, 2 when it could not start."""
    values = build_parser().parse_args(argv)
    try:
        options = options_from(values)
    except OptionError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        return run(options)
    except OSError as error:
        where = f"{options.host}:{options.port}"
        print(f"The sandbox cannot listen on {where}: {error.strerror}", file=sys.stderr)
        return 2


def run(options: SandboxOptions, out: TextIO | None = None) -> int:
    """Serve in the foreground until SIGTERM or SIGINT; one line on ``out`` when ready.

    Call it from the main thread. Raises ``OSError`` when the port is taken.
    """
    stopped = threading.Event()
    restore = {
        number: signal.signal(number, lambda *_args: stopped.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    pbx = Sandbox(options)
    try:
        pbx.start()
        print(
            f"Mango sandbox is ready: {pbx.url} (key {options.api_key})",
            file=out or sys.stdout,
            flush=True,
        )
        stopped.wait()
    finally:
        pbx.stop()
        for number, handler in restore.items():
            signal.signal(number, handler)
    return 0
