"""How the checks become known to Django."""

from __future__ import annotations

from django.core import checks

from .settings import check_settings
from .statistics import check_statistics
from .urls import check_urls

TAG = "django_mango"


def register() -> None:
    """Make the checks known to Django; called once the app is ready."""
    checks.register(check_settings, TAG)
    checks.register(check_urls, TAG, checks.Tags.urls)
    # Not by our own tag: `check --tag django_mango` asks no database on any Django.
    checks.register(check_statistics, checks.Tags.database)
