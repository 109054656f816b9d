"""URLs of the themed projects; grappelli has some of its own."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("mango/", include("django_mango.urls")),
    # The language chooser of admin-interface warns where this is missing.
    path("i18n/", include("django.conf.urls.i18n")),
]
if apps.is_installed("grappelli"):
    urlpatterns.insert(0, path("grappelli/", include("grappelli.urls")))
