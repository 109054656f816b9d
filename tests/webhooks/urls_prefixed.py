"""A host that mounts everything deep down, translates its pages and reads bodies early."""

from __future__ import annotations

from collections.abc import Callable

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def private(request: HttpRequest) -> HttpResponse:
    return HttpResponse("private")


urlpatterns = [
    path("deep/down/mango/", include("django_mango.urls")),
    path("deep/down/private/", private),
    *i18n_patterns(path("admin/", admin.site.urls)),
]

Next = Callable[[HttpRequest], HttpResponse]


class ReadsBody:
    """A middleware that logs bodies."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        assert request.body
        return self.get_response(request)


class ReadsPost(ReadsBody):
    """A middleware that looks into forms."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        assert request.POST["sign"]
        return self.get_response(request)


class Guards(ReadsBody):
    """A middleware that lets nobody in without an organisation, as the manual says to write it."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is not None and match.app_name == "django_mango":
            return None
        return HttpResponse("no organisation", status=403)
