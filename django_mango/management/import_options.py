"""What ``mango_import_stats`` is asked for: its options, and the periods they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Account, CallRecord
from ..protocol.statistics import OUR_FIELDS
from ..services import Period, latest_periods, unfinished_periods
from ..services.catching_up import missing
from ..services.importing import LOADERS
from . import arguments
from .base import NOT_TRIED
from .people import add_account

#: A nightly run reads so much again: recordings and late calls appear afterwards.
DEFAULT_PERIOD = timedelta(days=3)


def add_options(parser: CommandParser) -> None:
    """All options of the command."""
    _add_periods(parser)
    _add_file(parser)
    parser.add_argument(
        "--kind",
        choices=sorted(LOADERS),
        default=str(CallRecord.Kind.BASIC),
        help=_("which statistics of the PBX; default basic"),
    )
    parser.add_argument(
        "--dry-run", action="store_true", help=_("show the windows; nothing is sent or written")
    )
    which = parser.add_mutually_exclusive_group()
    add_account(which)
    which.add_argument(
        "--all-accounts", action="store_true", help=_("all PBX accounts, one after the other")
    )


def _add_periods(parser: CommandParser) -> None:
    parser.add_argument(
        "--since",
        type=arguments.since_or_last,
        metavar="MOMENT",
        help=_(
            "begin: 2026-11-01, 2026-11-01T09:30, 7d (ago), 12h, today, yesterday; last: where"
            " the last complete import ended, less an overlap; default 3d"
        ),
    )
    parser.add_argument(
        "--until",
        type=arguments.until,
        metavar="MOMENT",
        help=_("end, the same forms; a date means that whole day; default now"),
    )
    parser.add_argument(
        "--window",
        type=arguments.duration,
        metavar="LENGTH",
        help=_("length of one request to the PBX: 7d, 12h; default and most 28d"),
    )
    parser.add_argument(
        "--gaps", action="store_true", help=_("only what is not loaded yet of the period")
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help=_(
            "go on with what runs that were interrupted or failed have left; of a period that is"
            " named: what is not loaded yet"
        ),
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help=_("load also windows that an interrupted run has loaded already"),
    )


def _add_file(parser: CommandParser) -> None:
    parser.add_argument(
        "--from-file",
        metavar="FILE",
        help=_("read a saved answer of stats/result instead of asking the PBX; - is the input"),
    )
    parser.add_argument(
        "--fields",
        type=arguments.columns,
        metavar="LIST",
        help=_("the columns of the file, separated by commas; default: those we ask for"),
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """The options, checked. ``since`` may be the word ``last``."""

    kind: str
    since: datetime | str | None = None
    until: datetime | None = None
    window: timedelta | None = None
    gaps: bool = False
    resume: bool = False
    force: bool = False
    file: str | None = None
    fields: tuple[str, ...] | None = None
    dry_run: bool = False
    verbosity: int = 1

    @classmethod
    def of(cls, options: dict[str, Any]) -> Wish:
        """Read the options; ``CommandError`` for those that do not go together."""
        wish = cls(
            file=options["from_file"],
            **{name: options[name] for name in cls.__slots__ if name in options},
        )
        for together in wish._contradictions():
            raise CommandError(
                _("These options do not go together: %(options)s.") % {"options": together},
                returncode=NOT_TRIED,
            )
        return wish

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the file."""
        return self.fields or OUR_FIELDS

    @property
    def stated(self) -> Period | None:
        """The period of a file, where it is told."""
        if isinstance(self.since, datetime) and self.until is not None:
            return Period(self.since, self.until)
        return None

    @property
    def is_named(self) -> bool:
        """Whether a period is named by at least one of its ends."""
        return self.since is not None or self.until is not None

    @property
    def goes_on(self) -> bool:
        """Whether windows of a killed run are left out: where a period is simply named."""
        return not (self.force or self.gaps or self.resume or self.since == arguments.LAST)

    def periods(self, account: Account | None) -> list[Period]:
        """What is to be loaded. Whole seconds, as the service counts."""
        end = self.until or timezone.now().replace(microsecond=0)
        since = self.since if isinstance(self.since, datetime) else None
        if self.resume and not self.is_named:
            return unfinished_periods(account, self.kind, whole=self.force)
        if self.since == arguments.LAST:
            latest = latest_periods(account, self.kind)
            return [Period(one.since, min(one.until, end)) for one in latest if one.since < end]
        if (self.gaps or self.resume) and account is not None:
            return missing(account, since, self.until, self.kind)
        return [Period(since or end - DEFAULT_PERIOD, end)]

    def _contradictions(self) -> list[str]:
        last = self.since == arguments.LAST
        pairs = (
            ("--resume, --since last", self.resume and last),
            ("--resume, --gaps", self.resume and self.gaps),
            ("--gaps, --since last", self.gaps and last),
            ("--gaps, --force", self.gaps and self.force),
            ("--from-file, --resume, --gaps, --force",
             self.file and (self.resume or self.gaps or self.force)),
            ("--from-file, --window", self.file and self.window),
            ("--from-file, --since last", self.file and last),
        )  # fmt: skip
        found = [options for options, is_so in pairs if is_so]
        if self.file and self.is_named and not last and self.stated is None:
            found.append(_("--from-file with only one of --since, --until"))
        if self.fields and not self.file:
            found.append(_("--fields without --from-file"))
        return found
