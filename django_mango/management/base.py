"""What all commands share: exit codes, one-line errors, argument types.

====  ===============================================================
0     done
1     failed, or partly failed
2     could not even try: wrong arguments, settings, no database
130   interrupted with Ctrl-C, as shells say it
143   ended by a supervisor (SIGTERM), as shells say it
====  ===============================================================
"""

from __future__ import annotations

import signal
from argparse import ArgumentTypeError
from types import FrameType
from typing import Any, ClassVar, NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    OutputWrapper,
    SystemCheckError,
)
from django.db import Error as DatabaseFailure
from django.utils.translation import gettext as _

from ..services.errors import UserError
from .logs import log_of

FAILED = 1
NOT_TRIED = 2
INTERRUPTED = 130
TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM: a supervisor wants us to end, systemd or a container."""


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    # A second one ends us at once.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise Terminated


class MangoCommand(BaseCommand):
    """A command whose every failure is one line on stderr and a documented exit code."""

    #: What the command does, one line for ``--help``.
    summary: ClassVar[Any] = ""
    #: What a Ctrl-C leaves behind, in words; commands say it more exactly.
    after_interrupt: ClassVar[Any] = ""

    _from_shell = False
    _tried = False

    def run_from_argv(self, argv: list[str]) -> None:
        """Run as a process of its own; Django ends it with our exit code."""
        self._from_shell = True
        # Where nobody else listens. Dying at once would leave an import's lease behind.
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _terminate)
        super().run_from_argv(argv)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Translate the summary when it is shown, not when the module is read."""
        self.help = str(self.summary)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run ``handle``; raises nothing but ``CommandError`` for what can go wrong."""
        self._tried = False
        stderr = OutputWrapper(options["stderr"]) if options.get("stderr") else self.stderr
        try:
            with log_of(options.get("verbosity", 1), stderr):
                return super().execute(*args, **self._typed(options))
        except UserError as error:
            raise CommandError(str(error), returncode=NOT_TRIED) from error
        except ImproperlyConfigured as error:
            raise CommandError(str(error), returncode=NOT_TRIED) from error
        except DatabaseFailure as error:
            line = str(error).strip().partition("\n")[0]
            raise CommandError(
                _("The database refused: %(error)s") % {"error": line},
                returncode=FAILED if self._tried else NOT_TRIED,
            ) from error
        except KeyboardInterrupt as interrupt:
            if not self._from_shell:
                raise  # whoever calls us from a program wants to stop as a whole
            line = " ".join(filter(None, (_("Interrupted."), str(self.after_interrupt))))
            is_ended = isinstance(interrupt, Terminated)
            code = TERMINATED if is_ended else INTERRUPTED
            raise CommandError(line, returncode=code) from interrupt

    def check(self, *args: Any, **kwargs: Any) -> None:
        """Django's checks; wrong settings are exit code 2 like all that stops us beforehand."""
        try:
            super().check(*args, **kwargs)
        except SystemCheckError as error:
            error.returncode = NOT_TRIED
            raise

    def work_begins(self) -> None:
        """From here on a failure is "failed" (1), no more "could not even try" (2)."""
        self._tried = True

    def _typed(self, options: dict[str, Any]) -> dict[str, Any]:
        # ``call_command("mango_import_stats", since="7d")`` passes texts by the argument parser.
        parser = self.create_parser("manage.py", self.__module__.rpartition(".")[2])
        for action in parser._actions:
            value = options.get(action.dest)
            if callable(action.type) and isinstance(value, str):
                try:
                    options[action.dest] = action.type(value)
                except ArgumentTypeError as error:
                    raise CommandError(str(error), returncode=NOT_TRIED) from error
        return options
