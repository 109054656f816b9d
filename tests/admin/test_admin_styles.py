"""Which of our style sheets a page loads: a host's pages no more than they show."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client

from example_project.crm.models import Contact

from .conftest import page_of, place_page

_OURS = re.compile(r"/static/(django_mango/\w+\.css)")
ANY = {"call", "strip"}
LIST = ANY | {"admin"}
ASKING = LIST | {"pages"}
CALLS = "/admin/django_mango/call/"
IMPORTS = "/admin/django_mango/statsimport/"


def sheets(client: Client, path: str) -> set[str]:
    """Names of our style sheets on a page, each there once and in the package."""
    page = client.get(path)
    assert page.status_code == 200, path
    found = _OURS.findall(page.text)
    assert len(set(found)) == len(found)
    assert all(finders.find(name) for name in found)
    return {name.removeprefix("django_mango/").removesuffix(".css") for name in found}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/admin/crm/contact/", ANY),
        (CALLS, LIST),
        (f"{CALLS}pad/", ASKING),
        (f"{CALLS}my/", ASKING),
        (f"{CALLS}now/", ASKING),
        (IMPORTS, LIST | {"imports"}),
        (f"{IMPORTS}completeness/", ASKING | {"imports"}),
        ("/mango/api/call?number=%2B79161234567", {"call", "pages"}),
    ],
)
def test_of_a_page(maria: User, path: str, expected: set[str]) -> None:
    assert sheets(page_of(maria), path) == expected


def test_of_a_client_and_of_the_page_that_asks_before_calling_him(
    maria: User, contact: Contact
) -> None:
    client = page_of(maria)
    assert sheets(client, f"/admin/crm/contact/{contact.pk}/change/") == ANY
    assert sheets(client, place_page(contact)) == ASKING
