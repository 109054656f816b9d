from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "example_project.crm"
    label = "crm"
    verbose_name = _("Customers")
    default_auto_field = "django.db.models.BigAutoField"
