"""A project that wears unfold."""

from tests.themes.base import *  # noqa: F403 - a settings module
from tests.themes.base import apps_with

INSTALLED_APPS = apps_with("unfold")
# Its script framework evaluates code in attributes: without that the page stays covered.
CSP_THEME_NEEDS = ("'unsafe-eval'", "'unsafe-inline'")
