"""Differences between versions of Django and Python; each says when it may go."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import django

#: The admin's breadcrumbs are ``<ol>`` with items, before they were a ``<div>`` with arrows.
#: Goes when Django 6.0 is no longer supported.
BREADCRUMBS_ARE_LIST = django.VERSION >= (6, 1)


def task_decorator() -> Callable[..., Any]:
    """``django.tasks.task``, or that of the package ``django-tasks``; ``ImportError`` for none.

    Goes when Django 5.2 is no longer supported.
    """
    name = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
    decorator: Callable[..., Any] = import_module(name).task
    return decorator
