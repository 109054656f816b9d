"""The application's webhook beside a bare view, under one server."""

from django.urls import include, path

from .bare.views import receive_bare

urlpatterns = [
    path("bare/", receive_bare),
    path("mango/", include("django_mango.urls")),
]
