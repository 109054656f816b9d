"""Filters of the journals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..conf import CrmUser
from ..models import Call, Notification, scope
from ..services.caching import remembered


def period_bounds(name: str, now: datetime) -> tuple[datetime, datetime] | None:
    """The half-open period ``name`` means at ``now``, in the current zone; ``None`` for none.

    Days begin at local midnight, also on days of 23 and 25 hours.
    """
    today = timezone.localdate(now)
    next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    days = {
        "today": (today, today + timedelta(days=1)),
        "yesterday": (today - timedelta(days=1), today),
        "week": (today - timedelta(days=6), today + timedelta(days=1)),
        "month": (today.replace(day=1), next_month),
    }.get(name)
    if days is None:
        return None
    zone = timezone.get_current_timezone()
    since, until = (datetime.combine(day, time.min, zone) for day in days)
    return since, until


class PeriodFilter(admin.SimpleListFilter):
    """A period instead of ``date_hierarchy``, which reads the whole table."""

    title = _("period")
    parameter_name = "period"
    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("today", _("Today")),
            ("yesterday", _("Yesterday")),
            ("week", _("Past 7 days")),
            ("month", _("This month")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        bounds = period_bounds(self.value() or "", timezone.now())
        if bounds is None:
            return queryset
        return queryset.filter(
            **{f"{self.column}__gte": bounds[0], f"{self.column}__lt": bounds[1]}
        )


def period_of(field: str) -> type[PeriodFilter]:
    """A period filter over the column ``field``."""
    return type("PeriodFilter", (PeriodFilter,), {"column": field})


class EmployeeFilter(admin.SimpleListFilter):
    """Calls of one employee; only those are offered whose calls one may see."""

    title = _("employee")
    parameter_name = "employee"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        user = request.user
        whose = None if scope.sees_all(user) else user.pk
        return remembered(("employees", whose), lambda: _employees_seen_by(user))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        chosen = self.value() or ""
        offered = {key for key, _name in self.lookup_choices}
        return queryset.filter(employee_id=int(chosen)) if chosen in offered else queryset


def _employees_seen_by(user: CrmUser) -> list[tuple[str, str]]:
    people = scope.visible_employees(user).values_list("pk", "name")
    return [(str(pk), name) for pk, name in people]


class VerdictFilter(admin.SimpleListFilter):
    """Notifications by what processing made of them."""

    title = _("verdict")
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("ok", _("processed")), ("waiting", _("waiting")), ("error", _("error"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Notification]
    ) -> QuerySet[Notification]:
        choose: dict[str, Callable[[], QuerySet[Notification]]] = {
            "ok": lambda: queryset.filter(error="").exclude(processed_at=None),
            "waiting": lambda: queryset.filter(error="", processed_at=None),
            "error": lambda: queryset.exclude(error=""),
        }
        chosen = choose.get(self.value() or "")
        return chosen() if chosen else queryset
