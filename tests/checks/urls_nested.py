"""A host that mounts notifications inside a namespace of its own."""

from django.urls import include, path

hooks = ([path("pbx/", include("django_mango.urls"))], "hooks")

urlpatterns = [path("api/", include(([path("in/", include(hooks))], "api")))]
