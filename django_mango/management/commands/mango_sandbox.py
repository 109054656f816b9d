"""``manage.py mango_sandbox``: a fake PBX in this process, with the keys of the settings."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, cast

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ... import conf
from ...sandbox import OptionError, SandboxOptions, cli
from .. import people
from ..base import NOT_TRIED, MangoCommand
from ..streams import RawStream


class Command(MangoCommand):
    summary = gettext_lazy(
        "Run a fake PBX on loopback with the key and salt of the settings, until Ctrl-C."
    )
    requires_system_checks: list[str] = []  # Django's own attribute

    def add_arguments(self, parser: CommandParser) -> None:
        cli.add_arguments(parser)
        # Keys come from the settings, so that no salt stands on a command line.
        parser.set_defaults(api_key=None, api_salt=None)
        people.add_account(parser)

    def handle(self, *args: Any, account: str | None = None, **options: Any) -> None:
        values = Namespace(**options)
        default = _keys(account)
        values.api_key = values.api_key or default[0]
        values.api_salt = values.api_salt or default[1]
        try:
            cli.run(cli.options_from(values), out=cast("Any", RawStream(self.stdout)))
        except OptionError as error:
            raise CommandError(str(error), returncode=NOT_TRIED) from error
        except OSError as error:
            raise CommandError(
                _("The sandbox cannot listen on %(host)s:%(port)d: %(reason)s")
                % {"host": values.host, "port": values.port, "reason": error.strerror},
                returncode=NOT_TRIED,
            ) from error


def _keys(alias: str | None) -> tuple[str, str]:
    """Key and salt of the account, the sandbox's own where none is configured."""
    accounts = conf.accounts()
    wanted = alias or conf.DEFAULT_ALIAS
    found = accounts.get(wanted)
    if found is None and alias is None and len(accounts) <= 1:
        found = next(iter(accounts.values()), None)
        if found is None:
            demo = SandboxOptions()
            return demo.api_key, demo.api_salt
    if found is None:
        raise CommandError(
            _("There is no PBX account “%(alias)s”; configured: %(known)s.")
            % {"alias": wanted, "known": ", ".join(sorted(accounts))},
            returncode=NOT_TRIED,
        )
    return found.credentials.api_key, found.credentials.api_salt
