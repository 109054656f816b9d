"""The rows of the call list: what a page of it costs does not grow with the number of calls."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.admin.views.main import ChangeList
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import HttpRequest

from ..models import Call, CallParty, scope
from ..models.call import CallQuerySet
from . import call_back, call_text, clients, missed
from .base import COUNTED, Uncounted, is_beyond_count


class CallRows(ChangeList):
    """A list that knows what stands in its rows by a fixed number of queries.

    Who may not see all calls either has few of them, which are gathered by index, or so many
    that the list is read in its order until the page is full.
    """

    result_list: Any

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        # The scope comes last, so that the filters hold for both ways to ask for it.
        self.root_queryset = Call.objects.all()
        found = cast(CallQuerySet, super().get_queryset(request, *args, **kwargs))
        user = request.user
        if scope.sees_all(user) or not is_beyond_count(found.owned_by_people_of(user)):
            return found.visible_to(user)
        rows = found.visible_row_by_row(user)
        setattr(rows, "known_count", Uncounted(COUNTED))  # noqa: B010 - for the paginator
        return rows

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = calls = list(self.result_list)
        # Only of an internal call the list names those who took part.
        read_parties([call for call in calls if not call.client_number])
        names = call_text.line_names(calls)
        for call in calls:
            call.line_text = call_text.line(call, names)
        missed.remember(calls, request.user)
        clients.remember(calls, request, self.model_admin.admin_site)
        call_back.remember(calls, request, self.model_admin.admin_site)


def read_parties(calls: list[Call]) -> None:
    """Read who took part in these calls."""
    parties = CallParty.objects.select_related("employee")
    prefetch_related_objects(calls, Prefetch("parties", parties))
