from __future__ import annotations

from django.urls import include, path

from tests.hosts.sites import office, sales

urlpatterns = [
    path("office/", office.urls),
    path("sales/", sales.urls),
    path("telephony/", include("django_mango.urls")),
]
