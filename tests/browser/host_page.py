"""A page of the host, outside any admin, with the strip on it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import path

from tests.urls import urlpatterns as _known

_PAGE = """{% load mango %}<!doctype html><html lang="en"><head><title>Own</title></head>
<body><h1>Own page</h1>{% mango_strip %}</body></html>"""


def own(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(_PAGE).render(RequestContext(request)))


urlpatterns = [*_known, path("own/", own)]
