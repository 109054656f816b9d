"""Settings of a worker or of a process of its own, on the database of the test that starts it."""

from __future__ import annotations

import importlib.util
import os

import django

from tests.commands.child_settings import *  # noqa: F403
from tests.commands.child_settings import INSTALLED_APPS, MANGO

MANGO = {**MANGO, "TASKS": os.environ.get("CHILD_TASKS", "inline")}
# Below Django 6 the queue in the database works on the backport of Django's tasks.
_has_tasks = django.VERSION >= (6, 0) or importlib.util.find_spec("django_tasks")
if _has_tasks and importlib.util.find_spec("django_tasks_db"):
    INSTALLED_APPS = [*INSTALLED_APPS, "django_tasks_db"]
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
