"""The sandbox as a process and on real sockets: one line, a clean end, true HTTP (§12)."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from django_mango.protocol.encoding import CONTENT_TYPE, compact_json, form_body, parse_form
from django_mango.sandbox import OptionError, Sandbox, SandboxOptions
from django_mango.sandbox.cli import main
from django_mango.testing import running_sandbox

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"Mango sandbox is ready: http://127\.0\.0\.1:\d+/vpbx/ \(key demo-key\)\n")


@pytest.fixture
def receiver():
    """A real HTTP receiver on loopback; keeps (path, content type, body)."""
    got = []
    arrived = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if self.path.endswith("/events/summary"):
                arrived.set()

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook/", got, arrived
    server.shutdown()
    thread.join()
    server.server_close()


def exchange(pbx, method, path, body=b"", headers=None):
    """One request over a socket; (status, headers, body). Redirects are not followed."""
    host = pbx.url.split("/")[2]
    connection = http.client.HTTPConnection(host, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": CONTENT_TYPE, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def post(pbx, path, payload):
    return exchange(pbx, "POST", f"/vpbx/{path}", form_body(pbx.credentials, compact_json(payload)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_when_ready_and_a_clean_end_on_a_signal(number):
    command = [sys.executable, "-W", "error", "-m", "django_mango.sandbox", "--port", "0"]
    with subprocess.Popen(
        [*command, "--api-salt", "kept-secret"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        line = process.stdout.readline()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)
    assert READY.fullmatch(line)
    assert (rest, errors, process.returncode) == ("", "", 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--host", "0.0.0.0"],
        ["--host", "example.com"],
        ["--speed", "0"],
        ["--speed", "nan"],
        ["--webhook", "ftp://127.0.0.1/"],
        ["--calls", "-1"],
        ["--days", "0"],
        ["--port", "70000"],
        ["--api-key", ""],
    ],
)
def test_a_senseless_option_is_refused_in_one_line(capsys, arguments):
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1


def test_a_taken_port_is_told_in_one_line(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["--port", str(taken.getsockname()[1])]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_callback_reaches_a_real_receiver(receiver):
    url, got, arrived = receiver
    with running_sandbox(webhook=url, speed=1000, calls=0) as pbx:
        payload = {"command_id": "c", "from": {"extension": "101"}, "to_number": "79161234567"}
        status, headers, body = post(pbx, "commands/callback", payload)
        assert (status, json.loads(body)) == (200, {"result": 1000})
        assert re.fullmatch(r"[0-9a-f-]{36}", headers["X-Uuid"])
        assert arrived.wait(30)
        assert pbx.wait_idle()
    assert [path for path, _, _ in got].count("/hook/events/call") == 6
    assert {kind for _, kind, _ in got} == {CONTENT_TYPE}
    assert all(parse_form(body).is_from(pbx.credentials) for _, _, body in got)


def test_statistics_are_streamed_in_chunks_and_whole_for_old_clients():
    options = {"calls": 3000, "statistics_delay": 0, "enforce_limits": False}
    with running_sandbox(**options) as pbx:
        now = next(pbx.history.rows(0, 2**40)).start
        query = {"date_from": str(now), "date_to": str(now + 30 * 86_400)}
        bodies = []
        for _ in range(2):
            key = json.loads(post(pbx, "stats/request", query)[2])["key"]
            bodies.append(form_body(pbx.credentials, compact_json({"key": key})))
        status, headers, chunked = exchange(pbx, "POST", "/vpbx/stats/result", bodies[0])
        assert (status, headers["Transfer-Encoding"]) == (200, "chunked")
        assert headers["Content-Type"] == "text/csv;charset=UTF-8"
        with socket.create_connection(("127.0.0.1", int(pbx.url.split(":")[2].split("/")[0]))) as s:
            head = f"POST /vpbx/stats/result HTTP/1.0\r\nContent-Length: {len(bodies[1])}\r\n\r\n"
            s.sendall(head.encode() + bodies[1])
            with s.makefile("rb") as answer:
                old = answer.read().partition(b"\r\n\r\n")[2]
    assert chunked == old
    assert chunked.count(b"\r\n") > 3000


def test_a_204_has_no_body_and_a_recording_is_fetched_through_the_redirect():
    with running_sandbox(calls=50) as pbx:
        key = json.loads(post(pbx, "stats/request", {"date_from": "1", "date_to": "2"})[2])["key"]
        status, headers, body = post(pbx, "stats/result", {"key": key})
        assert (status, headers["Content-Length"], body) == (204, None, b"")
        recorded = next(row for row in pbx.history.rows(0, 2**40) if row.records)
        _, headers, _ = post(pbx, "queries/recording/post", {"recording_id": recorded.records[0]})
        where = urlsplit(headers["Location"])
        assert where.netloc == pbx.url.split("/")[2]
        status, headers, body = exchange(pbx, "GET", where.path)
        assert (status, headers["Content-Type"], body[:2]) == (200, "audio/mpeg", b"\xff\xfb")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST /vpbx/groups HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /vpbx/groups HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /vpbx/groups HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /vpbx/groups HTTP/1.1\r\n\r\n", 420),
        (b"GET //[broken/ HTTP/1.1\r\n\r\n", 404),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_broken_http_gets_an_answer(raw, status):
    with running_sandbox(calls=0) as pbx:
        host, port = pbx.url.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(raw)
            with connection.makefile("rb") as answer:
                assert str(status).encode() in answer.read()


def test_stopping_ends_every_thread_also_of_a_silent_client():
    before = set(threading.enumerate())
    pbx = Sandbox(SandboxOptions(port=0, calls=0)).start()
    host, port = pbx.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port))) as silent:
        silent.sendall(b"POST /vpbx/groups HTTP/1.1\r\n")
        pbx.incoming_call("79161234567")
        pbx.stop()
    assert set(threading.enumerate()) <= before
    pbx.stop()  # a second time does no harm


def test_a_salt_shows_nowhere():
    pbx = Sandbox(SandboxOptions(api_salt="kept-secret", calls=0))
    assert "kept-secret" not in f"{pbx!r} {pbx.options!r} {pbx.credentials!r}"


def test_options_are_checked_where_they_are_made():
    with pytest.raises(OptionError, match="loopback"):
        SandboxOptions(host="192.168.1.1")
