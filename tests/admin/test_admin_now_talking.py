"""The page "Now talking"."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_mango.models import Account, Call, Employee
from tests.api.conftest import live_call, ring

from .conftest import make_call, make_user, page_of

pytestmark = pytest.mark.django_db

NOW = "/admin/django_mango/call/now/"


@pytest.fixture
def anna_at(anna: User) -> Employee:
    return Employee.objects.get(user=anna)


def test_nobody(maria: User) -> None:
    assert "Nobody is in a call now." in page_of(maria).get(NOW).text


def test_a_supervisor_sees_who_talks(
    account: Account, maria: User, petr: User, anna_at: Employee
) -> None:
    call = live_call(account, "e1", state="talking", answered_at=None)
    ring(call, anna_at, "101", answered_at=call.started_at)
    ring(call, Employee.objects.get(user=petr), "102")
    make_call(account, "old", client_number="+79990001122", employee=anna_at)
    page = page_of(maria).get(NOW).text
    assert "Anna Smirnova 101" in page
    assert "Petr Ivanov" not in page  # he only rang
    assert "+7 916 123-45-67" in page
    assert "999 000" not in page
    assert f'href="/admin/django_mango/call/{call.pk}/hang-up/?next={NOW}"' in page


def test_others_see_their_own(account: Account, petr: User, anna: User, anna_at: Employee) -> None:
    ring(live_call(account, "e1", state="talking"), anna_at, "101")
    assert "Nobody is in a call now." in page_of(petr).get(NOW).text
    page = page_of(anna).get(NOW).text
    assert "+7 916 123-45-67" in page
    assert "hang-up" not in page


def test_who_sees_no_calls_has_no_page(account: Account) -> None:
    assert page_of(make_user("x", "django_mango.place_call")).get(NOW).status_code == 403


def test_many_calls_cost_no_more_queries(account: Account, maria: User, anna_at: Employee) -> None:
    client = page_of(maria)
    counts = []
    for several in (1, 10):
        for number in range(several):
            ring(live_call(account, f"{several}-{number}"), anna_at, "101")
        client.get(NOW)
        with CaptureQueriesContext(connection) as queries:
            client.get(NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Call.objects.live().count() == 11
