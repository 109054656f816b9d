"""A host that lets nobody in: all views need a login, and everybody an organisation."""

from __future__ import annotations

from tests.hosts.base import *  # noqa: F403
from tests.hosts.base import MIDDLEWARE as _MIDDLEWARE

MIDDLEWARE = [
    *_MIDDLEWARE,
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]
# As in hosts that have no such page: a redirect there is a dead end.
LOGIN_URL = "/no-such-page/"
DATABASES["default"]["ATOMIC_REQUESTS"] = True  # noqa: F405
