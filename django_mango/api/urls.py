"""What is mounted at ``<mount>/api/``, in the namespace of ``django_mango.urls``."""

from django.urls import URLPattern, path

from .answers import csrf, unknown
from .calling import call

urlpatterns: list[URLPattern] = [
    path("csrf", csrf, name="csrf"),
    path("call", call, name="call"),
    path("<path:path>", unknown),
]
