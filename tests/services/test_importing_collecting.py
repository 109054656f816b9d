"""Python's search for cycles while a batch is written."""

from __future__ import annotations

import gc

import pytest

from django_mango.services.importing.collecting import collector_paused


def test_it_is_off_meanwhile_and_on_again() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError), collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()


def test_a_host_without_it_stays_without() -> None:
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
