"""What is mounted at ``<mount>/api/``, in the namespace of ``django_mango.urls``."""

from django.urls import URLPattern, path

from .acting import hang_up, note, notifications, seen
from .answers import csrf, unknown
from .calling import call
from .live import live

urlpatterns: list[URLPattern] = [
    path("csrf", csrf, name="csrf"),
    path("call", call, name="call"),
    path("live", live, name="live"),
    path("calls/<int:pk>/hang-up", hang_up, name="hang_up"),
    path("calls/<int:pk>/note", note, name="note"),
    path("seen", seen, name="seen"),
    path("notifications", notifications, name="notifications"),
    path("<path:path>", unknown),
]
