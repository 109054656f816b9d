"""Settings of a command run as a process of its own, on the database of the test that runs it."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, MANGO

DATABASES["default"]["NAME"] = os.environ["CHILD_DATABASE"]
MANGO = {**MANGO, "API_URL": os.environ.get("CHILD_API_URL", MANGO["API_URL"])}
if os.environ.get("CHILD_BROKEN"):
    MANGO = {"API_KEY": "only-the-key"}
if os.environ.get("CHILD_SECOND_URL"):
    _KEYS = {name: MANGO[name] for name in ("API_KEY", "API_SALT", "API_URL")}
    MANGO = {
        "ACCOUNTS": {
            "default": _KEYS,
            "second": {**_KEYS, "API_URL": os.environ["CHILD_SECOND_URL"]},
        }
    }
    # Both are the one PBX of the test.
    SILENCED_SYSTEM_CHECKS = ["django_mango.W006"]
