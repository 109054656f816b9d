"""Two admin sites, one of them for the sales people and not named ``admin``."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from django_mango.admin import CallControl
from django_mango.admin.registration import register
from example_project.crm.models import Contact


class SalesContactAdmin(CallControl, admin.ModelAdmin):
    mango_phone_fields = ("phone", "mobile")
    list_display = ("name",)


sales = admin.AdminSite(name="sales")
sales.register(Contact, SalesContactAdmin)
register(sales)

urlpatterns = [path("sales/", sales.urls)]
