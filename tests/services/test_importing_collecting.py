"""Python's search for cycles while a batch is written."""

from __future__ import annotations

import gc
import sys

import pytest

from django_mango.services.importing.collecting import collector_paused
from django_mango.services.importing.switching import switching_soon


def test_it_is_off_meanwhile_and_on_again() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError), collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()


def test_threads_that_overlap_leave_in_any_order() -> None:
    first, second = collector_paused(), collector_paused()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_a_host_without_it_stays_without() -> None:
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_threads_give_way_until_the_last_import_is_done() -> None:
    usual = sys.getswitchinterval()
    with switching_soon():
        soon = sys.getswitchinterval()
        assert soon < usual
        with pytest.raises(ValueError), switching_soon():
            assert sys.getswitchinterval() == soon
            raise ValueError
        assert sys.getswitchinterval() == soon
    assert sys.getswitchinterval() == usual


def test_imports_that_overlap_leave_in_any_order() -> None:
    usual = sys.getswitchinterval()
    first, second = switching_soon(), switching_soon()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert sys.getswitchinterval() < usual
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == usual
