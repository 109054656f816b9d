"""Differences between versions of Django and Python; each says when it may go."""

from __future__ import annotations

import django

#: The admin's breadcrumbs are ``<ol>`` with items, before they were a ``<div>`` with arrows.
#: Goes when Django 6.0 is no longer supported.
BREADCRUMBS_ARE_LIST = django.VERSION >= (6, 1)
