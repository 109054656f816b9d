"""Wiring of the app."""

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class DjangoMangoConfig(AppConfig):
    """The app as INSTALLED_APPS sees it."""

    name = "django_mango"
    label = "django_mango"
    verbose_name = _("Telephony (Mango Office)")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, receivers

        checks.register()
        receivers.connect()
        if apps.is_installed("django.contrib.admin"):
            from .admin.registration import register_all

            register_all()
