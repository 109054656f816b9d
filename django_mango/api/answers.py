"""What all endpoints share: answers a script can read, in the language of its page.

====  =====================================================================
401   ``code: login``: nobody is logged in; a redirect would look like success
403   ``code: csrf``: get a fresh token and ask again; ``permission``: no right
404   ``code: not_found``
405   ``code: method``
409   ``question: true``: ask the person, and send ``asked=1``
====  =====================================================================

Every refusal has a ``text`` for people and a stable ``code`` for programs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import router, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from ..models import Command

View = Callable[..., HttpResponse]


def answer(status: int = 200, **content: object) -> JsonResponse:
    """A JSON answer that no cache keeps."""
    response = JsonResponse(content, status=status)
    add_never_cache_headers(response)
    return response


def refusal(status: int, code: str, text: str, **more: object) -> JsonResponse:
    """A refusal in words, ``code`` for programs."""
    return answer(status, level="error", code=code, text=text, **more)


def not_found() -> JsonResponse:
    """The answer for what does not exist and for what one may not know of, alike."""
    return refusal(404, "not_found", _("This does not exist, or you may not see it."))


def endpoint(*methods: str, permissions: tuple[str, ...] = ()) -> Callable[[View], View]:
    """A view for scripts of logged-in people, outside any transaction of the request.

    It checks login and CSRF by itself, so that a refusal is JSON too, and whatever the order
    or absence of the host's middleware. ``language`` of the request is the language answered
    in. ``permissions`` are names of which the person needs one.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **parts: object) -> HttpResponse:
            with translation.override(_language(request)):
                response = _refused(request, methods, permissions) or view(request, **parts)
            # The token a script asked for comes with its cookie.
            return cast(HttpResponse, _Csrf(_unused).process_response(request, response))

        own = router.db_for_write(Command)
        return transaction.non_atomic_requests(using=own)(csrf_exempt(login_not_required(guarded)))

    return decorate


@endpoint("GET", "HEAD")
def csrf(request: HttpRequest) -> HttpResponse:
    """A token for the scripts' POSTs, wherever the site keeps its own (cookie or session)."""
    return answer(csrf=get_token(request))


@endpoint("GET", "HEAD", "POST")
def unknown(_request: HttpRequest, path: str) -> HttpResponse:
    """Any other address below ours; it must not reach the mount of notifications."""
    return not_found()


def wants_html(request: HttpRequest) -> bool:
    """Whether a person looks at the answer, and no script."""
    return "text/html" in request.headers.get("Accept", "")


def _refused(
    request: HttpRequest, methods: tuple[str, ...], permissions: tuple[str, ...]
) -> HttpResponse | None:
    if request.method not in methods:
        wrong = refusal(405, "method", _("This address does not take that."))
        wrong.headers["Allow"] = ", ".join(methods)
        return wrong
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return refusal(401, "login", _("You are logged out. Log in and try again."))
    csrf = _Csrf(_unused)
    csrf.process_request(request)
    forged: HttpResponse | None = csrf.process_view(request, _unused, (), {})
    if forged is not None:
        return forged
    if permissions and not any(user.has_perm(name) for name in permissions):
        return refusal(403, "permission", _("You may not do this."))
    return None


def _language(request: HttpRequest) -> str:
    """The language of the page that asks; the host's choice when it names none we have."""
    wanted = (request.POST.get("language") or request.GET.get("language") or "").lower()
    known = {code.lower(): code for code, _name in settings.LANGUAGES}
    short = wanted.partition("-")[0]
    return known.get(wanted) or known.get(short) or translation.get_language() or "en"


class _Csrf(CsrfViewMiddleware):
    """Django's own check, answering JSON."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return refusal(403, "csrf", _("This page is out of date. Reload it and try again."))


def _unused(request: HttpRequest) -> HttpResponse:
    raise AssertionError("the middleware is asked, never called")
