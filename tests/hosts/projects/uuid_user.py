"""A host whose users log in by e-mail and have UUIDs as keys."""

from __future__ import annotations

from tests.hosts.base import *  # noqa: F403
from tests.hosts.base import INSTALLED_APPS as _APPS

INSTALLED_APPS = ["tests.hosts.staff_members", *_APPS]
AUTH_USER_MODEL = "hoststaff.Member"
