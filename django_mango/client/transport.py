"""HTTP, and nothing but HTTP: a form out, a status, headers and bytes in.

What happened on the way is told exactly, because everything hangs on it: ``NotSent``
when not a byte of the request left, ``AnswerLost`` when it may have arrived.
Failures are returned and not raised, so that no traceback has a frame that holds
the form with its key and signature.

Decisions. TLS is verified, from 1.2 on (the service speaks 1.2 only, Q9). Redirects are
never followed: a redirected POST would be sent twice. urllib3 repeats nothing; the policy
above decides. An effect gets a connection of its own, closed afterwards: on a
kept-alive one that the service has just dropped nobody could tell whether the request
arrived. Of the environment only proxies (``HTTPS_PROXY``, ``NO_PROXY``; never for this
machine itself) and certificate bundles (``REQUESTS_CA_BUNDLE``, ``CURL_CA_BUNDLE``) are
honoured; ``.netrc`` is not, and cookies are not kept.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from .. import __version__
from ..protocol.encoding import CONTENT_TYPE
from ..protocol.errors import AnswerLost, NotSent, ServiceError, UnexpectedAnswer
from ..protocol.excerpt import excerpt

USER_AGENT: Final = f"django-mango/{__version__}"
#: Bytes of an answer that is not streamed; the largest documented ones are a few MiB.
MAX_ANSWER: Final = 32 * 1024 * 1024
CHUNK: Final = 64 * 1024

# What requests raises before it opens a connection.
_BEFORE_CONNECTING: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidProxyURL,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer whose body is still on the wire; closes with ``close()``."""

    status: int
    headers: dict[str, str]
    _response: requests.Response = field(repr=False)
    _session: requests.Session | None = field(default=None, repr=False)

    def chunks(self) -> Generator[bytes]:
        """The body in pieces, as they come.

        Raises ``AnswerLost`` when it ends before its announced length, when a chunked
        transfer breaks off or when nothing comes for the read time-out.
        """
        trouble = ""
        try:
            yield from self._pieces()
            trouble = self._missing_bytes()
        except (requests.RequestException, HTTPError, OSError) as error:
            trouble = f"the answer broke off: {type(_reason(error)).__name__}"
        finally:
            self.close()
        if trouble:
            raise AnswerLost(trouble, status=self.status)

    def _pieces(self) -> Iterator[bytes]:
        # What has come is given at once: a body that trickles must not hold its reader up,
        # who counts the time. Before its version 2 urllib3 gives full pieces only.
        read = getattr(self._response.raw, "read1", None)
        if read is None:
            return filter(None, self._response.iter_content(CHUNK))
        return iter(lambda: read(CHUNK, decode_content=True), b"")

    def read(self) -> bytes:
        """The whole body; raises ``AnswerLost``, or ``UnexpectedAnswer`` beyond 32 MiB."""
        body = bytearray()
        with closing(self.chunks()) as chunks:
            for chunk in chunks:
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise UnexpectedAnswer("an endless answer", status=self.status)
        return bytes(body)

    def close(self) -> None:
        """Give the connection back; one with an unread body is closed."""
        self._response.close()
        if self._session is not None:
            self._session.close()

    def _missing_bytes(self) -> str:
        announced = self.headers.get("content-length", "")
        if not announced.isdigit():
            return ""
        # Counted on the wire, before any decompression.
        received = self._response.raw.tell()
        if received >= int(announced):
            return ""
        return f"the answer has {received} of {announced} bytes"


class Transport:
    """Posts signed forms below ``api_url``. Thread-safe as far as ``requests`` is.

    ``timeout`` is (connect, read) in seconds, both always apply; read counts from byte to
    byte. An own ``session`` is used as it is, with its proxies and certificates.
    """

    def __init__(
        self, api_url: str, timeout: tuple[float, float], session: requests.Session | None = None
    ) -> None:
        self._api_url = api_url if api_url.endswith("/") else f"{api_url}/"
        self._timeout = timeout
        self._own_session = session is None
        self._session = session or _session()

    @property
    def host(self) -> str:
        """Name of the service's machine, empty when the address has none."""
        try:
            return urlsplit(self._api_url).hostname or ""
        except ValueError:
            return ""

    def post(self, path: str, form: bytes, *, alone: bool) -> Reply | ServiceError:
        """Post a form; ``alone``: on a connection of its own, closed afterwards."""
        try:
            url = urljoin(self._api_url, path)
            environment = _environment(url) if self._own_session else {}
        except ValueError:
            return NotSent("the address of the service is wrong")
        headers = {"Content-Type": CONTENT_TYPE, "User-Agent": USER_AGENT}
        of_its_own = _session() if alone and self._own_session else None
        if alone:
            headers["Connection"] = "close"
        try:
            response = (of_its_own or self._session).post(
                url,
                data=form,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
                **environment,
            )
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            if of_its_own is not None:
                of_its_own.close()
            return _failure(error)
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, lowered, response, of_its_own)

    def close(self) -> None:
        """Close idle connections; an own session of the caller stays open."""
        if self._own_session:
            self._session.close()


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(max_retries=0))
    return session


def _environment(url: str) -> dict[str, Any]:
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    proxies = {} if _is_this_machine(url) else get_environ_proxies(url)
    return {"proxies": proxies, "verify": bundle or True}


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _failure(error: Exception) -> ServiceError:
    """What a failed exchange means."""
    reason = _reason(error)
    text = excerpt(f"{type(reason).__name__}: {reason}".encode())
    if isinstance(error, _BEFORE_CONNECTING):
        return NotSent(f"the address of the service is wrong: {text}")
    if isinstance(reason, (ConnectTimeoutError, ssl.SSLCertVerificationError)):
        return NotSent(f"no connection to the service: {text}")
    # requests checks the certificate bundle before it connects.
    if type(error) is OSError:
        return NotSent(f"no connection to the service: {text}")
    if isinstance(error, requests.exceptions.Timeout):
        return AnswerLost("no answer in time")
    return AnswerLost(f"the connection broke: {text}")


def _reason(error: BaseException) -> BaseException:
    """The innermost cause urllib3 and requests wrap: MaxRetryError, ProxyError, SSLError."""
    for _ in range(5):
        inner = getattr(error, "reason", None) or getattr(error, "original_error", None)
        if not isinstance(inner, BaseException):
            inner = error.args[0] if error.args else None
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


class _Connecting:
    """Makes every failure to connect, TLS and proxy included, one and the same error.

    urllib3 reports a failed handshake and a TLS error while reading alike; only the
    connection itself knows that nothing was sent yet.
    """

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc] # of the connection this is mixed into
        except ConnectTimeoutError:
            raise
        except (OSError, HTTPError, ValueError) as error:
            raise NewConnectionError(self, str(error)) from error  # type: ignore[arg-type] # as above


class _HttpConnection(_Connecting, HTTPConnection):
    pass


class _HttpsConnection(_Connecting, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


_POOLS: Final = {"http": _HttpPool, "https": _HttpsPool}


class _Adapter(HTTPAdapter):
    """TLS 1.2 or better, and connections that know whether they connected."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=_tls(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=_tls(), **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _tls() -> ssl.SSLContext:
    """Verifies certificate and name; requests loads the trusted authorities.

    Made by urllib3, whose older versions check the names themselves.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
