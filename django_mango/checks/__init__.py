"""System checks: cheap, without network, the settings without a database, never showing a secret.

Every id has its paragraph in ``docs/checks.md``. Apps and projects silence one by
``SILENCED_SYSTEM_CHECKS`` as usual.
"""

from .registration import TAG, register
from .settings import check_settings
from .statistics import check_statistics
from .urls import check_urls

__all__ = ["TAG", "check_settings", "check_statistics", "check_urls", "register"]
