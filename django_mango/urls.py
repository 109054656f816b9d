"""The webhook mount: ``path("mango/", include("django_mango.urls"))``."""

from django.urls import URLPattern, path

from .webhooks.views import receive

app_name = "django_mango"

urlpatterns: list[URLPattern] = [
    path("", receive, name="webhook"),
    path("<path:path>", receive, name="webhook"),
]
