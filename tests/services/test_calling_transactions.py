"""What is sent cannot be rolled back: transactions of the host (design, section 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import translation

from django_mango.models import Account, Call, Command
from django_mango.services import (
    InsideTransaction,
    hang_up,
    place_call,
    request_call,
    settle_commands,
)
from tests.services.calling_bench import CLIENT, Service, Team

pytestmark = pytest.mark.django_db(transaction=True)

Status = Command.Status


def view_place(request: HttpRequest) -> HttpResponse:
    return HttpResponse(place_call(User.objects.get(username="anna"), CLIENT).status)


@transaction.non_atomic_requests
def view_place_freely(request: HttpRequest) -> HttpResponse:
    return view_place(request)


def view_request(request: HttpRequest) -> HttpResponse:
    command = request_call(User.objects.get(username="anna"), CLIENT)
    if "fail" in request.GET:
        raise ValueError("the host's own mistake")
    return HttpResponse(command.status)


urlpatterns = [
    path("place/", view_place),
    path("place-freely/", view_place_freely),
    path("request/", view_request),
]


@pytest.fixture
def atomic_requests(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    yield
    connection.settings_dict["ATOMIC_REQUESTS"] = False


@pytest.fixture
def by_hand() -> Iterator[None]:
    """Autocommit off: everything is one transaction until somebody commits."""
    transaction.set_autocommit(False)
    yield
    transaction.rollback()
    transaction.set_autocommit(True)


COMMANDS: list[Callable[[Team, Call], Command]] = [
    lambda team, call: place_call(team.anna, CLIENT),
    lambda team, call: hang_up(team.anna, call),
]


@pytest.mark.parametrize("send", COMMANDS, ids=["place_call", "hang_up"])
@pytest.mark.parametrize("depth", [1, 2])
def test_refused_before_anything_is_written(
    team: Team, pbx: Service, send: Callable[[Team, Call], Command], depth: int
) -> None:
    call = team.live_call()
    with transaction.atomic(), translation.override("en"):
        if depth == 1:
            with pytest.raises(InsideTransaction, match=r"request_call\(\)") as caught:
                send(team, call)
        else:
            with transaction.atomic(), pytest.raises(InsideTransaction) as caught:
                send(team, call)
        assert not transaction.get_rollback(), "the host's transaction is whole"
        team.account.name = "written after"
        team.account.save()
    assert caught.value.code == "inside_transaction"
    assert "\n" not in str(caught.value)
    assert Command.objects.count() == 0
    assert pbx.requests == []
    assert Account.objects.get().name == "written after"


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("send", COMMANDS, ids=["place_call", "hang_up"])
def test_refused_where_the_host_commits_by_hand(
    team: Team, pbx: Service, send: Callable[[Team, Call], Command]
) -> None:
    call = team.live_call()
    transaction.commit()
    with pytest.raises(InsideTransaction):
        send(team, call)
    assert Command.objects.count() == 0
    assert pbx.requests == []


@pytest.mark.usefixtures("atomic_requests")
def test_atomic_requests(team: Team, pbx: Service) -> None:
    with pytest.raises(InsideTransaction):
        Client().get("/place/")
    assert Command.objects.count() == 0
    assert pbx.requests == []
    assert Client().get("/place-freely/").content == b"accepted"
    assert len(pbx.requests) == 1


@pytest.mark.usefixtures("atomic_requests")
def test_request_call_under_atomic_requests(team: Team, pbx: Service) -> None:
    assert Client().get("/request/").content == b"created"
    assert Command.objects.get().status == Status.ACCEPTED
    assert len(pbx.requests) == 1


@pytest.mark.usefixtures("atomic_requests")
def test_a_failed_request_calls_nobody(team: Team, pbx: Service) -> None:
    with pytest.raises(ValueError, match="own mistake"):
        Client().get("/request/?fail")
    assert Command.objects.count() == 0
    assert pbx.requests == []


def test_request_call_sends_on_commit_and_not_before(team: Team, pbx: Service) -> None:
    with transaction.atomic():
        with transaction.atomic():
            command = request_call(team.anna, CLIENT, token="t")
        assert command.status == Status.CREATED
        assert request_call(team.anna, CLIENT, token="t") == command
        assert pbx.requests == []
    assert len(pbx.requests) == 1
    command.refresh_from_db()
    assert command.status == Status.ACCEPTED


@pytest.mark.parametrize("whole", [True, False], ids=["the transaction", "a savepoint"])
def test_request_call_rolled_back(team: Team, pbx: Service, whole: bool) -> None:
    with transaction.atomic():
        with transaction.atomic():
            request_call(team.anna, CLIENT)
            transaction.set_rollback(not whole)
        transaction.set_rollback(whole)
    assert Command.objects.count() == 0
    assert pbx.requests == []


def test_request_call_outside_a_transaction_has_sent_already(team: Team, pbx: Service) -> None:
    assert request_call(team.anna, CLIENT).status == Status.ACCEPTED
    assert len(pbx.requests) == 1


def test_a_command_whose_transaction_took_too_long_is_never_sent(
    team: Team, pbx: Service, settings: Any
) -> None:
    settings.MANGO = {**settings.MANGO, "COMMAND_TIMEOUT_SECONDS": 0}
    with transaction.atomic():
        command = request_call(team.anna, CLIENT)
    command.refresh_from_db()
    assert command.status == Status.CREATED
    assert settle_commands() == 1
    command.refresh_from_db()
    assert command.status == Status.FAILED
    assert pbx.requests == []
