"""A project that wears unfold."""

from tests.themes.base import *  # noqa: F403 - a settings module
from tests.themes.base import apps_with

INSTALLED_APPS = apps_with("unfold")
