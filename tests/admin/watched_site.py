"""One site, not named ``admin``, watched as the app does it; its models have no admin class."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from django_mango.admin.attaching import watch
from django_mango.admin.registration import register
from example_project.crm.models import Company, Contact

crm = admin.AdminSite(name="crm")
register(crm)
watch(crm)
crm.register([Company, Contact])

urlpatterns = [path("crm/", crm.urls), path("pbx/", include("django_mango.urls"))]
