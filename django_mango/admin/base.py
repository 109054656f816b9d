"""What our admins have in common: the theme's base class, read-only journals, fast lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from ..ui.media import page_media
from .tables import Text

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    _Paginator = Paginator
    if apps.is_installed("unfold"):
        # Pages of other base classes look unstyled under this theme.
        from unfold.admin import ModelAdmin, TabularInline
    else:
        ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline

#: Rows counted for a list; counting millions would take longer than showing the page.
COUNTED = 10_000


class Uncounted(int):
    """A number of rows that is only known to be larger than itself.

    Lists show it unlocalised: grouping it, Django would take the plus for a digit.
    """

    is_capped = True

    def __str__(self) -> str:
        return f"{int(self):,}+".replace(",", "\N{NO-BREAK SPACE}")

    def __html__(self) -> str:
        return str(self)


def is_beyond_count(rows: QuerySet[Any]) -> bool:
    """Whether there are more rows than lists count."""
    return rows.order_by()[: COUNTED + 1].count() > COUNTED


class CappedPaginator(_Paginator):
    """Pages of the first ``COUNTED`` rows; what lies behind is found by filters."""

    @cached_property
    def count(self) -> int:
        """Number of rows, at most ``COUNTED``, which then shows as ``10 000+``."""
        rows = cast(QuerySet[Any], self.object_list)  # lists of the admin are query sets
        known: int | None = getattr(rows, "known_count", None)
        if known is not None:
            return known
        counted = rows.order_by()[: COUNTED + 1].count()
        return Uncounted(COUNTED) if counted > COUNTED else counted


class MangoAdmin(ModelAdmin):
    """Base of all our admins: our style sheet, lists that do not count the table."""

    #: Ours know of telephony by themselves.
    mango_attach = False
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each facet counts the whole table
    paginator = CappedPaginator

    def list_tools(self, request: HttpRequest) -> list[tuple[str, Text]]:
        """Links above the list: address and words, for those who may follow them."""
        return []

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"mango_list_tools": self.list_tools(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def known(self, value: str) -> str:
        """The value of a detail page, a dash when there is none."""
        return value or self.get_empty_value_display()

    @property
    def media(self) -> Media:
        ours = Media(css={"all": ["django_mango/admin.css"]})
        return super().media + page_media(self.admin_site.name) + ours


class JournalAdmin(MangoAdmin):
    """A record of what happened: read by permission, edited by nobody."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return flatten_fieldsets(self.get_fieldsets(request, obj))
