from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("mango/", include("django_mango.urls")),
    *i18n_patterns(path("admin/", admin.site.urls), prefix_default_language=True),
]
