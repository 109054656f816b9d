"""What the sandbox accepts and how it refuses (§1.4, §2.4, Q1-Q17)."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_mango.protocol.encoding import form_body
from django_mango.protocol.signing import Credentials, sign
from django_mango.sandbox.answers import Request
from django_mango.sandbox.clock import ManualClock
from django_mango.sandbox.options import SandboxOptions
from django_mango.sandbox.pbx import Sandbox

SAMPLE_BODY = (
    b"vpbx_api_key=%3CYOUR_API_KEY%3E&sign=afdeb462cd5e0e422a9c9220390124608df06a4472cb1add6ebd6e"
    b"24184bd15a&json=%7B%22command_id%22%3A%22your-command-id%22%2C%22from%22%3A%7B%22extension"
    b"%22%3A%22%3Cextension%3E%22%2C%22number%22%3A%22%22%7D%2C%22to_number%22%3A%22%3Cto_number"
    b"%3E%22%7D"
)
#: (path, json, sign, status and body) of the four official PHP samples.
SAMPLES = [
    (
        "commands/call/hangup",
        '{"command_id":"your-command-id","call_id":"<CALL_ID>"}',
        "2d1d01246f52cec1fdb44f2a4d7091dc54f67e318369c0628201d66b5d336ef0",
        (200, b'{"result":4101}'),
    ),
    (
        "stats/result",
        '{"key":"<REQUEST_KEY>"}',
        "515069b8c079df62f408e36dd7933912b8e86d833c5927ee77eb4b68d766c4f5",
        (404, b'{"name":"Not Found","message":"Page not found.","code":0,"status":404}'),
    ),
]


@pytest.fixture
def official(make_bench):
    """A sandbox with the literal key and salt of the samples."""
    return make_bench(api_key="<YOUR_API_KEY>", api_salt="<YOUR_API_SALT>")


def test_bytes_of_the_official_callback_sample_are_accepted(official, read_json):
    # Signed correctly; only the placeholder "<extension>" is nobody's extension.
    answer = official.raw("commands/callback", SAMPLE_BODY)
    assert (answer.status, read_json(answer)["result"]) == (420, 3100)


@pytest.mark.parametrize(("path", "text", "signature", "expected"), SAMPLES)
def test_official_samples_pass_the_signature(official, path, text, signature, expected):
    body = urlencode({"vpbx_api_key": "<YOUR_API_KEY>", "sign": signature, "json": text})
    answer = official.raw(path, body.encode())
    assert (answer.status, answer.body) == expected


def test_official_statistics_sample_gets_a_key(official, read_json):
    text = (
        '{"date_from":"1445288400","date_to":"1445374859",'
        '"from":{"extension":"","number":""},"to":{"extension":"","number":""}}'
    )
    signature = "94e263aa0aa65d77481b86e9224fa2230265faa387322e40716389406982c0fb"
    body = urlencode({"vpbx_api_key": "<YOUR_API_KEY>", "sign": signature, "json": text})
    key = read_json(official.raw("stats/request", body.encode()))["key"]
    assert key.endswith("==")
    assert set(key) & {"+", "/"}  # every key puts the client's escaping to the test (Q4)


@pytest.mark.parametrize(
    "text", ["{ }", '{\n  "group_id": ""\n}', '{"x":"\\u041f\\/"}', '{"x":"Я"}']
)
def test_any_spacing_is_accepted_when_it_is_what_was_signed(bench, text):
    assert bench.post("groups", None, json_text=text).status == 200


def test_a_trailing_slash_makes_no_difference(bench, read_json):
    assert read_json(bench.post("groups/", {}))["result"] == 1000


def test_a_wrong_signature_is_3102_and_shows_no_secret(bench, read_json):
    body = form_body(Credentials("demo-key", "another-salt"), "{}")
    answer = bench.raw("groups", body)
    assert (answer.status, read_json(answer)["result"]) == (420, 3102)
    assert sign(bench.pbx.credentials, "{}").encode() not in answer.body
    assert b"demo-salt" not in answer.body


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("groups", "{", 3400),
        ("groups", "[]", 3400),
        ("groups", '{"a":NaN}', 3400),
        ("groups", "[" * 100_000, 3400),
        ("commands/callback", "{}", 3103),
        ("commands/callback", '{"from":{"extension":"101"}}', 3103),
        ("commands/callback", '{"from":"101","to_number":"79161234567"}', 3104),
        ("commands/callback", '{"from":{"extension":"101"},"to_number":"call me"}', 3104),
        ("commands/callback", '{"from":{"extension":"999"},"to_number":"79161234567"}', 3100),
        ("commands/callback", '{"from":{"extension":"101"},"to_number":"101"}', 3100),
        ("commands/call/hangup", '{"command_id":"x"}', 3103),
        ("commands/call/hangup", json.dumps({"command_id": "x" * 129, "call_id": "y"}), 3104),
        ("stats/request", "{}", 3103),
        ("stats/request", '{"date_from":"yesterday","date_to":"1445374859"}', 3104),
        ("stats/request", '{"date_from":"1445374859","date_to":"1445288400"}', 3111),
        ("stats/request", '{"date_from":"1440000000","date_to":"1442678401"}', 3100),
        ("stats/request", '{"date_from":"1","date_to":"2","fields":"start, сreate"}', 3104),
        (
            "stats/request",
            '{"date_from":"1","date_to":"2","call_party":{"extension":"1"},"to":{"number":"7"}}',
            3123,
        ),
        ("stats/result", "{}", 3103),
        ("queries/recording/post", '{"recording_id":"bm9uZQ=="}', 3320),
        ("config/users/request", '{"ext_fields":"groups"}', 3104),
    ],
)
def test_wrong_requests_get_their_code(bench, read_json, path, text, code):
    answer = bench.post(path, None, json_text=text)
    assert (answer.status, read_json(answer)["result"]) == (420, code)


def test_a_line_that_is_not_ours_is_refused_and_nobody_rings(bench, read_json):
    answer = bench.call("79161234567", line_number="74950000000")
    assert (answer.status, read_json(answer)["result"]) == (420, 3100)
    bench.pbx.play()
    assert bench.pbx.notifications == []


def test_a_sip_line_goes_by_its_name(bench, read_json):
    assert read_json(bench.call("79161234567", line_number="SIP Склад"))["result"] == 1000
    bench.pbx.play()
    (summary,) = bench.events("events/summary")
    assert summary["line_number"] == "sip:warehouse@romashka.mangosip.ru"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_command_by_another_method_is_3101(bench, read_json, method):
    answer = bench.raw("commands/callback", b"", method)
    assert (answer.status, read_json(answer)["result"]) == (420, 3101)


def test_an_unknown_key_is_401_and_costs_our_product_nothing(bench):
    body = form_body(Credentials("somebody", "salt"), "{}")
    for _ in range(3):
        assert bench.raw("groups", body).status == 401
    assert bench.post("groups", {}).status == 200


def test_a_missing_field_is_3103(bench, read_json):
    assert read_json(bench.raw("groups", b""))["result"] == 3103
    assert read_json(bench.raw("groups", b"vpbx_api_key=demo-key&json={}"))["result"] == 3103


def test_an_unknown_command_is_4001_and_an_unknown_method_404(bench, read_json):
    assert read_json(bench.post("commands/play/start", {}))["result"] == 4001
    assert bench.post("nothing/here", {}).status == 404
    assert bench.pbx.switchboard.handle(Request("POST", "/cc/task/add")).status == 404


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_NAMES = ["command_id", "from", "to", "to_number", "call_id", "date_from", "date_to", "fields",
          "key", "extension", "ext_fields", "recording_id", "call_party", "request_id",
          "line_number", "sip_headers", "group_id", "show_users"]  # fmt: skip
_PATHS = ["commands/callback", "commands/call/hangup", "stats/request", "stats/result",
          "config/users/request", "groups", "incominglines", "account/balance",
          "queries/recording/post", "commands/nothing"]  # fmt: skip


@settings(deadline=None)
@given(path=st.sampled_from(_PATHS), payload=st.dictionaries(st.sampled_from(_NAMES), _json))
def test_signed_rubbish_never_breaks_the_sandbox(path, payload):
    clock = ManualClock()
    pbx = Sandbox(SandboxOptions(calls=0, enforce_limits=False), clock=clock)
    body = form_body(pbx.credentials, json.dumps(payload))
    answer = pbx.switchboard.handle(Request("POST", f"/vpbx/{path}", body, "localhost"))
    assert answer.status in (200, 204, 302, 404, 420)
    pbx.play(60)


@settings(deadline=None)
@given(method=st.sampled_from(["GET", "POST", "HEAD", "X"]), path=st.text(), body=st.binary())
def test_unsigned_rubbish_never_breaks_the_sandbox(method, path, body):
    pbx = Sandbox(SandboxOptions(calls=0), clock=ManualClock())
    for where in (path, f"/vpbx/{path}", f"/sandbox/{path}", "/sandbox/incoming", "/vpbx/groups"):
        answer = pbx.switchboard.handle(Request(method, where, body))
        assert answer.status in (200, 400, 401, 404, 420)
