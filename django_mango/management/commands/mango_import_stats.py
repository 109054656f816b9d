"""``manage.py mango_import_stats``: call statistics into the database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ... import conf
from ...models import Account
from ...services import (
    FileRefused,
    ImportReport,
    ImportRunning,
    UserError,
    account_for,
    already_loaded,
    import_file,
    import_periods,
    known_account,
    look_at_file,
    windows_to_load,
)
from ..base import FAILED, NOT_TRIED, MangoCommand
from ..import_options import Wish, add_options
from ..import_texts import not_understood, totals, what_is_wrong
from ..progress import Bar, Lines, Quiet, counted, period, place

_INPUT = "-"


class Command(MangoCommand):
    summary = gettext_lazy(
        "Import call statistics of a period. Safe to repeat, to overlap and to interrupt."
    )
    after_interrupt = gettext_lazy("What was read is stored; run the command again to go on.")

    def add_arguments(self, parser: CommandParser) -> None:
        add_options(parser)

    def handle(
        self,
        *args: Any,
        account: str | None = None,
        all_accounts: bool = False,
        **options: Any,
    ) -> None:
        wish = Wish.of(options)
        if all_accounts and wish.file:
            raise CommandError(
                _("A file belongs to one PBX account: name it with --account."),
                returncode=NOT_TRIED,
            )
        aliases = sorted(conf.accounts()) if all_accounts else [account]
        if len(aliases) == 1:
            self._one(aliases[0], wish)
            return
        codes = [self._one_of_many(str(alias), wish) for alias in aliases]
        if any(codes):
            raise CommandError(
                _("Not every account was imported."),
                returncode=codes[0] if len(set(codes)) == 1 else FAILED,
            )

    def _one_of_many(self, alias: str, wish: Wish) -> int:
        """Import one account; whatever is wrong with it is said and harms no other one."""
        try:
            self._one(alias, wish, label=alias)
        except UserError as error:
            self.stderr.write(f"{alias}: {error}")
            return NOT_TRIED
        except CommandError as error:
            self.stderr.write(f"{alias}: {error}")
            return error.returncode
        return 0

    def _one(self, alias: str | None, wish: Wish, label: str = "") -> None:
        if wish.dry_run:
            self._show(alias, wish, label)
            return
        owner = account_for(alias)
        try:
            with self._progress(wish, label) as progress:
                report = self._import(owner, wish, progress)
        except ImportRunning as running:
            if running.code == "taken_over":
                raise CommandError(str(running), returncode=FAILED) from running
            # Not a fault: whoever runs does what was asked for, and cron need not write.
            self._say(wish, str(running))
            return
        if report is None:
            self._say(wish, _("%(account)s: nothing is left to load.") % {"account": owner.alias})
            return
        self._tell(report, progress, wish)

    def _import(self, account: Account, wish: Wish, progress: Quiet) -> ImportReport | None:
        if wish.file:
            with _opened(wish.file) as stream:
                self.work_begins()
                return import_file(
                    account,
                    stream,
                    name=wish.file,
                    kind=wish.kind,
                    fields=wish.columns,
                    period=wish.stated,
                    progress=progress,
                )
        periods = wish.periods(account)
        self.work_begins()
        if not periods:
            return None
        return import_periods(
            account,
            periods,
            kind=wish.kind,
            window=wish.window,
            go_on=wish.goes_on,
            progress=progress,
        )

    def _show(self, alias: str | None, wish: Wish, label: str) -> None:
        """What would be done; reads the database and the file, writes nothing."""
        known = known_account(alias)
        if wish.file:
            self._show_file(wish)
            return
        windows = windows_to_load(wish.periods(known), kind=wish.kind, window=wish.window)
        loaded = already_loaded(known, windows, wish.kind) if wish.goes_on else set()
        for index, one in enumerate(windows, 1):
            line = f"{index}/{len(windows)} {period(one.since, one.until)}"
            if one in loaded:
                line = _("%(window)s: loaded already") % {"window": line}
            self.stdout.write(f"{label}: {line}" if label else line)
        left = len(windows) - len(loaded)
        self.stdout.write(
            ngettext(
                "%(count)d window would be loaded; nothing was sent or written.",
                "%(count)d windows would be loaded; nothing was sent or written.",
                left,
            )
            % {"count": left}
        )

    def _show_file(self, wish: Wish) -> None:
        with _opened(str(wish.file)) as stream:
            found = look_at_file(stream, kind=wish.kind, fields=wish.columns)
        if found.problem:
            raise CommandError(found.why, returncode=FAILED)
        self.stdout.write(
            _("%(period)s: rows %(rows)d, not understood %(bad)d; nothing was written.")
            % {
                "period": period(found.since, found.until),
                "rows": found.rows,
                "bad": found.bad,
            }
        )
        if found.bad:
            raise CommandError(not_understood([found]), returncode=FAILED)

    def _progress(self, wish: Wish, label: str) -> Quiet:
        if wish.verbosity == 0:
            return Quiet()
        return Bar(self.stderr, label) if self.stderr.isatty() else Lines(self.stdout, label)

    def _say(self, wish: Wish, line: str) -> None:
        if wish.verbosity:
            self.stdout.write(line)

    def _tell(self, report: ImportReport, progress: Quiet, wish: Wish) -> None:
        self._say(wish, totals(report))
        if wish.file and "entry_id" not in wish.columns:
            self._say(wish, _("The file has no column entry_id: its rows belong to no call."))
        if not progress.shows_windows:
            for one in report.failed:
                self.stderr.write(f"{place(one)}: {counted(one)}")
        if not report.ok:
            raise CommandError(what_is_wrong(report), returncode=FAILED)


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """The file, or standard input; raises ``FileRefused``."""
    if name == _INPUT:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise FileRefused(
            _("The file %(name)s cannot be opened: %(why)s.")
            % {"name": name, "why": error.strerror or type(error).__name__},
            "file",
        ) from error
    with stream:
        yield stream
