"""Commands: read and check them, then hand them to the exchange (§3.2).

The document does not say what a command's HTTP answer holds. The sandbox
answers with the result code at once and sends the same code to
``/result/<command>``; with ``async_results`` the answer only says "accepted"
(1000, Q91) and the true code comes by the notification. A wrong request (3xxx)
is refused in the answer either way and has no notification.
"""

from __future__ import annotations

from collections.abc import Callable

from django_mango.protocol.numbers import Kind, from_service

from . import staff
from .answers import Answer, RefusalError, result
from .engine import DONE, Callback, Engine
from .fields import MISSING, WRONG_FORM, WRONG_PARAMETERS, Json, mapping, optional_text, text
from .rows import Party

NOT_SUPPORTED = 4001
#: (command, command_id, result code) to the answer.
Finish = Callable[[str, str | None, int], Answer]


class Commands:
    """The commands of ``/vpbx/commands/`` the sandbox plays."""

    def __init__(self, engine: Engine, *, async_results: bool = False) -> None:
        self._engine = engine
        self._async_results = async_results

    def callback(self, data: Json) -> Answer:
        """``callback``: a call on behalf of an employee (§3.2.1)."""
        command_id = optional_text(data, "command_id")
        source = mapping(data, "from", required=True)
        extension = text(source, "extension", required=True)
        override = text(source, "number")
        number = text(data, "to_number", required=True)
        line = _line(text(data, "line_number"))
        mapping(data, "sip_headers")  # unknown headers are ignored in silence (§App1)
        person = staff.employee_by_extension(extension)
        if person is None:
            raise RefusalError(WRONG_PARAMETERS, "from.extension is nobody's")
        called, internal = destination(number)
        if called.extension == extension:
            raise RefusalError(WRONG_PARAMETERS, "an employee cannot call himself")
        employee = Party(extension, override or person.sip)
        code = self._engine.callback(
            Callback(employee, called, "" if internal else line, internal, command_id)
        )
        return self.finish("callback", command_id, code)

    def hang_up(self, data: Json) -> Answer:
        """``call/hangup``: end a leg in the menu or at an employee (§3.2.3, Q88)."""
        command_id = optional_text(data, "command_id")
        call_id = text(data, "call_id", required=True)
        return self.finish("call/hangup", command_id, self._engine.hang_up(call_id))

    def unknown(self, _data: Json) -> Answer:
        """A command the sandbox does not play."""
        return result(NOT_SUPPORTED)

    def finish(self, command: str, command_id: str | None, code: int) -> Answer:
        """Answer a command and send its result a moment later."""
        payload: dict[str, object] = {} if command_id is None else {"command_id": command_id}
        # A string, as in most samples of the document (T-02).
        payload["result"] = str(code)
        self._engine.report(f"result/{command}", payload)
        return result(DONE if self._async_results else code)


def _line(name: str) -> str:
    """Number of the line a command names; the main line when it names none (Q87)."""
    if not name:
        return staff.MAIN_LINE.number
    line = staff.line_by_command_name(name)
    if line is None:
        raise RefusalError(WRONG_PARAMETERS, "line_number is not a line of this PBX")
    return line.number


def destination(number: str) -> tuple[Party, bool]:
    """Who is called, and whether an extension or a group was dialled (an internal call)."""
    person = staff.employee_by_extension(number)
    group = staff.group_by_extension(number)
    if group is not None:
        person = staff.employee_by_extension(group.members[0])
    if person is not None:
        return Party(person.extension, person.sip), True
    if number.startswith("sip:"):
        owner = staff.employee_by_number(number)
        return Party(owner.extension if owner else "", number), owner is not None
    read = from_service(number)
    if read.kind is Kind.EXTENSION:
        return Party(number=number), False
    if read.kind is not Kind.E164:
        raise RefusalError(
            MISSING if read.kind is Kind.ANONYMOUS else WRONG_FORM, "to_number is not a number"
        )
    owner = staff.employee_by_number(read.digits)
    return Party(owner.extension if owner else "", read.digits), False
