"""Checks of the strip's settings."""

from __future__ import annotations

from typing import Any

import pytest

from django_mango.checks import check_settings


def ids(settings: Any, **mango: Any) -> list[str]:
    settings.MANGO = {**settings.MANGO, **mango}
    return [str(message.id) for message in check_settings()]


@pytest.mark.parametrize(
    ("mango", "found"),
    [
        ({"STRIP": False}, []),
        ({"STRIP": "no"}, ["django_mango.E002"]),
        ({"STRIP": 0}, ["django_mango.E002"]),
        ({"STRIP_POLL_SECONDS": 1.5}, []),
        ({"STRIP_POLL_SECONDS": True}, ["django_mango.E002"]),
        ({"STRIP_POLL_SECONDS": -1}, ["django_mango.E002"]),
        ({"NOTIFICATIONS": "silent"}, []),
        ({"NOTIFICATIONS": len}, []),
        ({"NOTIFICATIONS": "loud"}, ["django_mango.E010"]),
        ({"NOTIFICATIONS": 1}, ["django_mango.E010"]),
        ({"CARD_OF": "example_project.crm.telephony.card_of"}, []),
        ({"CARD_OF": "no.where"}, ["django_mango.E010"]),
    ],
)
def test_what_is_wrong_is_named(settings: Any, mango: dict[str, Any], found: list[str]) -> None:
    assert ids(settings, **mango) == found
