"""What is mounted at ``<mount>/api/``, in the namespace of ``django_mango.urls``."""

from django.urls import URLPattern, path

from .answers import csrf, unknown

urlpatterns: list[URLPattern] = [
    path("csrf", csrf, name="csrf"),
    path("<path:path>", unknown),
]
