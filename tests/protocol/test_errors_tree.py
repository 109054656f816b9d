"""The error tree is as drawn, carries evidence and knows what is uncertain."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

from django_mango.protocol import errors
from django_mango.protocol.errors import (
    AnswerLost,
    LockedOut,
    MangoError,
    NotSent,
    RateLimited,
    ServiceError,
    UnexpectedAnswer,
    refusal,
)


def _drawn() -> dict[str, str | None]:
    """Name -> name of the base, read from the drawing in the module's docstring."""
    tree: dict[str, str | None] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ([|` ]*(?:\|-- |`-- ))?([A-Z][A-Za-z]+)(?:\s{2,}.*)?$", line)
        if found:
            depth = len(found[1] or "") // 4
            path[depth:] = [found[2]]
            tree[found[2]] = path[depth - 1] if depth else None
    return tree


def test_the_drawing_is_the_tree() -> None:
    built = {
        name: (kind.__mro__[1].__name__ if kind is not MangoError else None)
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, MangoError)
    }
    assert _drawn() == built


def test_evidence_shows() -> None:
    error = ServiceError("no", path="stats/request", status=420, code=3104, request_id="abc")
    assert str(error) == "no (path stats/request, HTTP 420, code 3104, request abc)"
    assert str(ServiceError("no")) == "no"


def test_an_input_error_names_field_and_reason() -> None:
    error = errors.InputError("to_number", "required")
    assert str(error) == "to_number: required"
    assert str(errors.InputError("to_number", "too_long", "300 bytes")) == "to_number: 300 bytes"
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    "error",
    [
        errors.InputError("to_number", "too_long", "300 bytes"),
        LockedOut("no", path="stats/request", status=401, code=3102),
        refusal(4101, path="commands/call/hangup", request_id="abc"),
        UnexpectedAnswer("HTML", status=502),
    ],
)
def test_errors_survive_pickling_and_copying(error: MangoError) -> None:
    """Task queues and parallel test runners move them between processes."""
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (2240, errors.BillingRefused),
        (2999, errors.BillingRefused),
        (3100, errors.WrongRequest),
        (3102, errors.WrongKeys),
        (3105, errors.WrongKeys),
        (3320, errors.WrongRequest),
        (4001, errors.Impossible),
        (4101, errors.AlreadyEnded),
        (4290, RateLimited),
        (5008, RateLimited),
        (5011, errors.ServerFault),
        (1200, errors.ServerFault),
        (7777, errors.ServerFault),
        (0, errors.ServerFault),
    ],
)
def test_the_kind_of_a_refusal(code: int, kind: type[ServiceError]) -> None:
    error = refusal(code, path="commands/callback", status=200)
    assert type(error) is kind
    assert error.code == code


@pytest.mark.parametrize(
    ("error", "uncertain"),
    [
        (NotSent("no connection"), False),
        (AnswerLost("reset"), True),
        (LockedOut("401", status=401), False),
        (RateLimited("429", status=429), False),
        (UnexpectedAnswer("HTML", status=502), True),
        (UnexpectedAnswer("not JSON", status=200), True),
        (UnexpectedAnswer("moved", status=302), True),
        (UnexpectedAnswer("wrong address", status=404), False),
        (refusal(5000), True),
        (refusal(5011), True),
        (refusal(5003), True),
        (refusal(5099), True),
        (refusal(5001), False),
        (refusal(5010), False),
        (refusal(5201), False),
        (refusal(8888), True),
        (refusal(4100), False),
        (refusal(2240), False),
        (refusal(3103), False),
    ],
)
def test_whether_an_effect_may_have_happened(error: ServiceError, uncertain: bool) -> None:
    assert error.is_uncertain is uncertain


def test_the_meaning_is_told_in_the_language_asked_for() -> None:
    error = refusal(2219)
    assert isinstance(error, errors.Refused)
    assert error.meaning() == "access is limited by the period of use"
    assert error.meaning("ru") == "доступ ограничен по периоду использования"
