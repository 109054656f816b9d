"""The mount: ``path("mango/", include("django_mango.urls"))``.

``api/`` is for scripts of our own pages, all the rest for notifications of the PBX.
"""

from django.urls import URLPattern, URLResolver, include, path

from .webhooks.views import receive

app_name = "django_mango"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("django_mango.api.urls")),
    path("", receive, name="webhook"),
    path("<path:path>", receive, name="webhook"),
]
