"""What ``django_mango.testing`` gives to an integrator's tests."""

import socket

import pytest

from django_mango.sandbox import OptionError
from django_mango.testing import running_sandbox


def test_the_fixture_is_a_running_pbx(mango_sandbox):
    host, port = mango_sandbox.url.removeprefix("http://").split("/")[0].split(":")
    with socket.create_connection((host, int(port)), timeout=10):
        pass


@pytest.mark.mango_sandbox(speed=1000, api_key="mine", calls=0)
def test_the_mark_gives_options(mango_sandbox):
    assert mango_sandbox.options.speed == 1000
    assert mango_sandbox.credentials.api_key == "mine"
    entry_id = mango_sandbox.incoming_call("79161234567", to="101", outcome="missed")
    assert mango_sandbox.wait_idle()
    assert mango_sandbox.notifications[-1][1]["entry_id"] == entry_id


def test_nothing_listens_after_the_block_also_when_it_fails():
    with pytest.raises(RuntimeError, match="on purpose"), running_sandbox(calls=0) as pbx:
        port = int(pbx.url.split(":")[2].split("/")[0])
        raise RuntimeError("on purpose")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_senseless_option_is_an_error():
    with pytest.raises(OptionError), running_sandbox(speed=-1):
        pass


def test_waiting_for_a_call_that_goes_on_gives_up(mango_sandbox):
    mango_sandbox.incoming_call("79161234567", talk_seconds=3600)
    assert not mango_sandbox.wait_idle(timeout=0)
