"""The rows of a themed project, and the admins a host of that theme would write."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User

from django_mango.models import Account, Employee, EmployeeAddress
from example_project.crm.models import Company, Contact, Deal

VIEW = ("crm.view_company", "crm.view_contact", "crm.view_deal", "django_mango.place_call")


def build() -> dict[str, Any]:
    """A boss, a person who may only view, a company with two contacts, a deal."""
    account = Account.objects.create(alias="default")
    boss = User.objects.create_superuser("boss", password="boss")
    viewer = User.objects.create_user("viewer", password="viewer", is_staff=True)
    for right in VIEW:
        app, codename = right.split(".")
        viewer.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    for user, extension in ((boss, "100"), (viewer, "101")):
        person = Employee.objects.create(account=account, name=user.username, user=user)
        EmployeeAddress.objects.create(employee=person, value=extension)
    firm = Company.objects.create(name="Вектор", city="Москва", phone="8 (495) 777-88-99 доб. 12")
    contact = Contact.objects.create(
        name="Сергей Орлов",
        company=firm,
        phone="8 (495) 777-88-99, 8 (916) 444-55-66",
        mobile="8 (916) 123-45-67",
    )
    Contact.objects.create(name="Анна Белова", company=firm, phone="+49 30 123456", mobile="12345")
    deal = Deal.objects.create(title="Поставка", company=firm, contact=contact, amount=1)
    return {"boss": boss, "viewer": viewer, "company": firm, "contact": contact, "deal": deal}


def dress() -> None:
    """Register the CRM anew, late, with the base classes of the theme and both kinds of inlines."""
    base, tabular, stacked = _bases()
    site = admin.site

    class TabularContacts(tabular):  # type: ignore[valid-type, misc]
        model = Contact
        fields = ("name", "phone", "mobile")
        extra = 1

    class StackedContacts(stacked):  # type: ignore[valid-type, misc]
        model = Contact
        fields = ("name", "phone", "mobile")
        verbose_name_plural = "stacked"
        extra = 0

    class CompanyAdmin(base):  # type: ignore[valid-type, misc]
        list_display = ("name", "city")
        inlines = (TabularContacts, StackedContacts)

    class ContactAdmin(base):  # type: ignore[valid-type, misc]
        list_display = ("name", "phone", "mobile")
        fieldsets = ((None, {"fields": ("name", ("phone", "mobile"))}),)
        actions_on_bottom = True

    for model, model_admin in ((Company, CompanyAdmin), (Contact, ContactAdmin), (Deal, base)):
        site.unregister(model)
        site.register(model, model_admin)


def _bases() -> tuple[Any, Any, Any]:
    if apps.is_installed("unfold"):
        from unfold.admin import ModelAdmin, StackedInline, TabularInline

        return ModelAdmin, TabularInline, StackedInline
    return admin.ModelAdmin, admin.TabularInline, admin.StackedInline
