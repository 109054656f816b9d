"""The admin of a small CRM. It knows nothing of telephony: see ``PHONE_FIELDS`` in the settings."""

from __future__ import annotations

from django.contrib import admin

from .models import Company, Contact, Deal


class ContactInline(admin.TabularInline):
    model = Contact
    fields = ("name", "position", "phone", "mobile", "responsible")
    extra = 0
    show_change_link = True


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin):
    list_display = ("name", "city", "phone")
    search_fields = ("name", "city", "phone")
    inlines = (ContactInline,)


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):
    list_display = ("name", "phone", "mobile", "company")
    list_filter = ("responsible",)
    list_select_related = ("company",)
    search_fields = ("name", "company__name", "phone", "mobile", "email")
    autocomplete_fields = ("company",)


@admin.register(Deal)
class DealAdmin(admin.ModelAdmin):
    list_display = ("title", "company", "contact", "amount", "stage", "responsible")
    list_filter = ("stage", "responsible")
    list_select_related = ("company", "contact", "responsible")
    search_fields = ("title", "company__name", "contact__name")
    autocomplete_fields = ("company", "contact")
