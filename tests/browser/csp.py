"""A Content-Security-Policy as strict as they come, and what browsers report against it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

REPORTS: list[dict[str, Any]] = []
_REPORT_PATH = "/csp-report"
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'report-sample'",
        "style-src 'self' 'report-sample'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        f"report-uri {_REPORT_PATH}",
    )
)


class StrictPolicy:
    """Middleware: sends the policy, takes the reports. First in the list: reports have no login."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == _REPORT_PATH:
            REPORTS.append(json.loads(request.body)["csp-report"])
            return HttpResponse(status=204)
        if request.path == "/favicon.ico":  # browsers ask for it by themselves
            return HttpResponse(status=204)
        response = self._get_response(request)
        policy = _POLICY
        for source in getattr(settings, "CSP_THEME_NEEDS", ()):
            policy = policy.replace("'report-sample'", f"{source} 'report-sample'")
        response.headers["Content-Security-Policy"] = policy
        if policy != _POLICY:  # what the theme needs is let through, and told all the same
            response.headers["Content-Security-Policy-Report-Only"] = _POLICY
        return response
