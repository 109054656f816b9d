"""Settings of a worker or of a process of its own, on the database of the test that starts it."""

from __future__ import annotations

import importlib.util
import os

from tests.commands.child_settings import *  # noqa: F403
from tests.commands.child_settings import INSTALLED_APPS, MANGO

MANGO = {**MANGO, "TASKS": os.environ.get("CHILD_TASKS", "inline")}
if importlib.util.find_spec("django_tasks_db"):
    INSTALLED_APPS = [*INSTALLED_APPS, "django_tasks_db"]
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
