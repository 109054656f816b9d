"""Which request goes where, after key, lock-out, rates and signature (§1.4, §2.4).

The order of the checks: method, key, lock-out, rates, form, signature, JSON,
parameters. Wrong requests count against the product whose key they carry; one
without a key, or with a key nobody has, is nobody's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import parse_qsl

from django_mango.protocol.encoding import parse_form
from django_mango.protocol.errors import ReadError
from django_mango.protocol.signing import Credentials

from . import company
from .answers import (
    Answer,
    RefusalError,
    Request,
    not_found,
    rate_limited,
    refused,
    result,
    unauthorised,
)
from .call_reports import CallReports
from .clock import Clock
from .commands import Commands
from .control import Control
from .fields import MISSING, Json
from .leg_commands import LegCommands
from .limits import GENERAL, LockOut, RateLimits
from .recordings import Recordings
from .reports import Reports

NOT_POST, WRONG_SIGN, WRONG_JSON = 3101, 3102, 3400
_BASE, _FILES, _CONTROL = "/vpbx/", "/files/", "/sandbox/"

Handler = Callable[[Json], Answer]


class Switchboard:
    """Answers every request; knows no sockets."""

    def __init__(
        self,
        credentials: Credentials,
        clock: Clock,
        *,
        commands: Commands,
        leg_commands: LegCommands,
        reports: Reports,
        call_reports: CallReports,
        recordings: Recordings,
        control: Control,
        enforce_limits: bool = True,
    ) -> None:
        self._credentials = credentials
        self._commands = commands
        self._recordings = recordings
        self._control = control
        self._enforce = enforce_limits
        self._lock_out = LockOut(clock)
        self._rates = RateLimits(clock)
        self._unknown_command: tuple[str, Handler] = (GENERAL, commands.unknown)
        self._methods: dict[str, tuple[str, Handler]] = {
            "commands/callback": ("callback", commands.callback),
            "commands/call/hangup": ("hangup", commands.hang_up),
            "commands/call/hold/on": (GENERAL, leg_commands.hold_on),
            "commands/calls_connect": (GENERAL, leg_commands.calls_connect),
            "commands/recording/start": ("recording/start", leg_commands.recording_start),
            "commands/route": ("route", leg_commands.route),
            "commands/sms": (GENERAL, leg_commands.sms),
            "commands/transfer": ("transfer", leg_commands.transfer),
            "commands/transfer_cancel": (GENERAL, leg_commands.transfer_cancel),
            "stats/request": ("stats", reports.request),
            "stats/result": (GENERAL, reports.result),
            # Whether the rate of "/stats" covers these too is open (T-09): be strict.
            "stats/calls/request": ("stats", call_reports.request),
            "stats/calls/result": (GENERAL, call_reports.result),
            "config/users/request": ("users", company.users),
            "groups": (GENERAL, company.groups),
            "incominglines": (GENERAL, company.lines),
            "account/balance": ("balance", lambda _data: company.balance(clock)),
        }

    def handle(self, request: Request) -> Answer:
        """The answer to any request whatever."""
        path = request.path
        if path.startswith(_FILES) and request.method == "GET":
            return self._recordings.file(path.removeprefix(_FILES))
        if path.startswith(_CONTROL):
            return self._control.handle(request)
        if not path.startswith(_BASE):
            return not_found()
        name = path.removeprefix(_BASE).strip("/")
        found = self._find(name, request)
        if found is None:
            return not_found()
        if request.method != "POST":
            return refused(RefusalError(NOT_POST, "use POST"))
        return self._checked(request, *found)

    def _find(self, name: str, request: Request) -> tuple[str, Handler] | None:
        if name == "queries/recording/post":
            return "recordings", lambda data: self._recordings.link(data, request.host)
        if name.startswith("commands/"):
            return self._methods.get(name, self._unknown_command)
        return self._methods.get(name)

    def _checked(self, request: Request, group: str, handler: Handler) -> Answer:
        key = _key_of(request.body)
        if key is None:
            return refused(RefusalError(MISSING, "vpbx_api_key is required"))
        if key != self._credentials.api_key.encode():
            return unauthorised()
        if self._enforce and self._lock_out.is_locked():
            return unauthorised()
        if self._enforce and not self._rates.allow(group):
            return rate_limited()
        try:
            return handler(self._read(request.body))
        except RefusalError as refusal:
            if self._enforce and not self._lock_out.wrong_request():
                return unauthorised()
            return refused(refusal)

    def _read(self, body: bytes) -> Json:
        try:
            form = parse_form(body)
        except ReadError as error:
            raise RefusalError(MISSING, str(error)) from error
        if not form.is_from(self._credentials):
            raise RefusalError(WRONG_SIGN, "the signature does not match")
        return _object(form.json_bytes)


def _key_of(body: bytes) -> bytes | None:
    """The key of a form, however broken the rest is; None without one."""
    try:
        pairs = parse_qsl(body.decode("latin-1"), encoding="latin-1", max_num_fields=100)
    except ValueError:
        return None
    found = dict(pairs).get("vpbx_api_key")
    return None if found is None else found.encode("latin-1")


def _object(text: bytes) -> Json:
    try:
        value = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise RefusalError(WRONG_JSON, "malformed JSON") from error
    if not isinstance(value, dict):
        raise RefusalError(WRONG_JSON, "json must be an object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def fault() -> Answer:
    """Something broke inside: 5003, "technical problem" (§Codes)."""
    return result(5003)
