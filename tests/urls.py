"""URLs of the test host: the admin and the notification mount, as the README installs them."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("mango/", include("django_mango.urls")),
]
