"""People, lines and groups of the PBX, and the PBX accounts themselves."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import Account, Employee, EmployeeAddress
from .base import JournalAdmin, MangoAdmin, TabularInline
from .people import PeoplePages


class AddressInline(TabularInline):
    """Extensions and numbers belong to the employee: who may change him may change them."""

    model = EmployeeAddress
    fields = ("kind", "value", "valid_from", "valid_to")
    extra = 0
    min_num = 0

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _may(request, "view") or _may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, "change" if obj else "add")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _may(request, "change" if obj else "add")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _may(request, "change")


class EmployeeAdmin(PeoplePages, MangoAdmin):
    """Who has which extension, and which user of the CRM he is."""

    list_display = ("name", "addresses_text", "user", "is_active", "account")
    list_filter = ("is_active", "account")
    list_select_related = ("user", "account")
    search_fields = ("name", "addresses__value")
    inlines = (AddressInline,)
    fields = ("account", "name", "email", "user", "is_active", "pbx_user_id", "synced_at")
    readonly_fields = ("synced_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Employee]:
        addresses = Prefetch("addresses", EmployeeAddress.objects.order_by("kind", "value"))
        return super().get_queryset(request).prefetch_related(addresses)

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Users are searched for where this site can search them, else chosen from a list."""
        user_model = get_user_model()
        if not self.admin_site.is_registered(user_model):
            return []
        users = self.admin_site.get_model_admin(user_model)
        return ["user"] if users.get_search_fields(request) else []

    @admin.display(description=_("extensions and numbers"))
    def addresses_text(self, employee: Employee) -> str:
        return ", ".join(address.value for address in employee.addresses.all())


class LineAdmin(MangoAdmin):
    """Lines and the names people know them by."""

    list_display = ("number", "name", "is_active", "account")
    list_select_related = ("account",)
    list_filter = ("account",)
    search_fields = ("number", "name")


class GroupAdmin(MangoAdmin):
    """Groups and their short numbers."""

    list_display = ("extension", "name", "is_active", "account")
    list_select_related = ("account",)
    list_filter = ("account",)
    search_fields = ("extension", "name")


class AccountAdmin(JournalAdmin):
    """The PBX accounts of the settings; key and salt are never shown."""

    list_display = ("alias", "name", "locked")
    fieldsets = ((None, {"fields": ("alias", "name", "locked")}),)

    @admin.display(description=_("locked out until"))
    def locked(self, account: Account) -> Any:
        return account.locked_until()


def _may(request: HttpRequest, what: str) -> bool:
    return request.user.has_perm(f"django_mango.{what}_employee")
