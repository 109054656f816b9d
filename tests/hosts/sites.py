"""Two admin sites that are not Django's own."""

from __future__ import annotations

from django.contrib.admin import AdminSite

office = AdminSite(name="office")
sales = AdminSite(name="sales")
