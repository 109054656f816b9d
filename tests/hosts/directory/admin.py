"""The host's own admin, on every site of the project; not a word of telephony."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.utils.module_loading import import_string

from .models import Client


class ClientAdmin(admin.ModelAdmin):
    list_display = ("name", "phone", "mobile")


for _path in getattr(settings, "HOST_SITES", ["django.contrib.admin.site"]):
    import_string(_path).register(Client, ClientAdmin)
