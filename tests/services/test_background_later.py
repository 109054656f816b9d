"""Work after a commit: a failing job harms nobody."""

from __future__ import annotations

import logging

import pytest
from django.db import transaction

from django_mango.services.background import later

pytestmark = pytest.mark.django_db(transaction=True)


def explode(**_: object) -> None:
    raise ValueError("no such luck")


def test_a_failing_job_is_logged_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    with caplog.at_level(logging.ERROR), transaction.atomic():
        later(explode)
        later(lambda word: done.append(word), word="next")
    assert done == ["next"]
    assert "explode" in caplog.text


def test_outside_a_transaction_a_failing_job_harms_nobody_either(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        later(explode)
    assert "explode" in caplog.text
    assert "no such luck" in caplog.text


def test_nothing_runs_after_a_rollback() -> None:
    done: list[str] = []
    with transaction.atomic():
        later(lambda: done.append("never"))
        assert done == []
        transaction.set_rollback(True)
    assert done == []
