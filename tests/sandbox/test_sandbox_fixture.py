"""What ``django_mango.testing`` gives to an integrator's tests."""

import socket
import time

import pytest

from django_mango.client import Client
from django_mango.protocol.commands import Hangup
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


@pytest.mark.mango_sandbox(speed=100, calls=0)
def test_a_long_call_that_is_hung_up_keeps_nobody_waiting(mango_sandbox):
    """Its old steps lie an hour ahead; they are not wanted any more."""
    mango_sandbox.incoming_call("79161234567", to="101", talk_seconds=86_400)
    for _ in range(500):
        legs = [leg for call in mango_sandbox.engine.live_calls() for leg in call["legs"]]
        if any(leg["state"] == "Connected" and leg["location"] == "abonent" for leg in legs):
            break
        time.sleep(0.01)
    client = Client(mango_sandbox.credentials, api_url=mango_sandbox.url)
    client.send(Hangup("end", str(legs[-1]["call_id"])))
    assert mango_sandbox.wait_idle(timeout=20)
    # The outcome of the command and the end of the call come in any order.
    assert "events/summary" in [kind for kind, _ in mango_sandbox.notifications]
