"""TLS: verified, and 1.2 is enough (Q9: the service speaks nothing newer)."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from django_mango.client import Client
from django_mango.protocol.commands import Callback
from django_mango.protocol.errors import NotSent
from django_mango.protocol.signing import Credentials

CALLBACK = Callback("c", "101", "79161234567")

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs the openssl program to make a certificate"
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate for 127.0.0.1 with its key, one file."""
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "both.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    made.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return made


def server_context(certificate: Path, newest: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.maximum_version = newest
    return context


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_trusted_server_of_tls_1_2_or_newer(
    credentials: Credentials,
    certificate: Path,
    make_wire: Any,
    answer: Any,
    monkeypatch: pytest.MonkeyPatch,
    newest: ssl.TLSVersion,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    wire = make_wire(server_context(certificate, newest))
    wire.replies = [answer(b'{"result":1000}')]
    with Client(credentials, api_url=wire.url) as client:
        assert client.send(CALLBACK).code == 1000


def test_an_unknown_certificate_is_refused_before_anything_is_sent(
    credentials: Credentials, certificate: Path, make_wire: Any
) -> None:
    wire = make_wire(server_context(certificate, ssl.TLSVersion.TLSv1_2))
    with Client(credentials, api_url=wire.url) as client, pytest.raises(NotSent) as caught:
        client.send(CALLBACK)
    assert "certificate verify failed" in str(caught.value)
    assert wire.requests == []


def test_a_certificate_of_another_name_is_refused(
    credentials: Credentials,
    certificate: Path,
    make_wire: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    wire = make_wire(server_context(certificate, ssl.TLSVersion.TLSv1_2))
    address = wire.url.replace("127.0.0.1", "localhost")
    with Client(credentials, api_url=address) as client, pytest.raises(NotSent):
        client.send(CALLBACK)
    assert wire.requests == []


def test_a_server_without_tls_gets_nothing(credentials: Credentials, make_wire: Any) -> None:
    """The handshake fails, so nothing was sent, although urllib3 names it like a read error."""
    wire = make_wire()
    wire.replies = [b"HTTP/1.1 400 Bad Request\r\n\r\n"]
    address = wire.url.replace("http:", "https:")
    with (
        Client(credentials, api_url=address, timeout=(0.5, 0.5)) as client,
        pytest.raises(NotSent),
    ):
        client.send(CALLBACK)
    assert wire.requests == []
