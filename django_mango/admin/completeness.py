"""The page "Completeness": what is loaded of each day, and buttons that load what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import conf
from ..models import Account, CallRecord, StatsImport
from ..services import account_for, catching_up, coverage
from ..services.errors import UserError
from ..services.import_progress import running_import
from ..services.periods import day_of
from ..services.staleness import import_staleness, staleness_text
from . import completeness_text
from .confirming import ConfirmPages
from .tables import Text

#: Days on one page.
SHOWN = 31
#: Seconds in which a process of its own, or a worker, should have begun what was asked for.
PATIENCE = 60
_RIGHT = "django_mango.run_import"
_URL = "django_mango_statsimport_completeness"


class CompletenessPages(ConfirmPages):
    """The page, and the buttons "Load" and "Refresh now"."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path("completeness/", self._committing(self.completeness_view), name=_URL),
            path(
                "refresh/",
                self._committing(self.refresh_view),
                name="django_mango_statsimport_refresh",
            ),
            *super().get_urls(),
        ]

    def list_tools(self, request: HttpRequest) -> list[tuple[str, Text]]:
        return [(self._completeness_url(), _("Completeness by day"))]

    def completeness_view(self, request: HttpRequest) -> HttpResponse:
        """Show the days of one account; by POST load what is missing of a day or of all."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        accounts = _accounts()
        account = _chosen(accounts, request.GET.get("account", ""))
        kind = _kind(request.GET.get("kind", ""))
        last = _date(request.GET.get("until", "")) or timezone.localdate()
        if request.method == "POST":
            return self._load(request, account, kind, last)
        context = {
            "title": gettext("Completeness by day"),
            "accounts": [(self._completeness_url(account=one.alias), one) for one in accounts],
            "account": account,
            "may_load": request.user.has_perm(_RIGHT),
            **(self._days(request, account, kind, last) if account else {}),
        }
        return self._page(request, "completeness", self, None, context)

    def refresh_view(self, request: HttpRequest) -> HttpResponse:
        """Load the newest of every account; the button over lists."""
        if not request.user.has_perm(_RIGHT):
            raise PermissionDenied
        if request.method == "POST":
            for account in _accounts():
                self._start(request, account, partial(catching_up.start_refresh, account))
        return self._back(request, self, None)

    @property
    def media(self) -> Media:
        ours = Media(css={"all": ["django_mango/imports.css"]}, js=["django_mango/imports.js"])
        return super().media + ours

    def _days(
        self, request: HttpRequest, account: Account, kind: str, last: date
    ) -> dict[str, Any]:
        first = last - timedelta(days=SHOWN - 1)
        days = coverage.days(account, first, last, kind)
        run = running_import(account)
        state = import_staleness(account)
        is_asked = run is None and _is_waited_for(request, account)
        names = {"account": account.alias, **({"kind": kind} if kind != _BASIC else {})}
        later = min(last + timedelta(days=SHOWN), timezone.localdate())
        return {
            "days": [completeness_text.row_of(day) for day in days],
            "gaps": sum(day.state in _RED for day in days),
            "is_empty": state.last_run_at is None and run is None and not is_asked,
            "is_extended": kind != _BASIC,
            "kinds": _kinds(account, kind, self._completeness_url),
            "run": run,
            "run_words": completeness_text.progress_words(run) if run else [],
            "percent": round(100 * run.fraction) if run and run.fraction is not None else None,
            "is_asked": is_asked,
            "is_live": run is not None or is_asked,
            "loaded_words": completeness_text.loaded_words(
                coverage.newest_loaded(account, kind), coverage.complete_until(account, kind)
            ),
            "alarm": staleness_text(state),
            "earlier": self._completeness_url(**names, until=str(first - timedelta(days=1))),
            "later": self._completeness_url(**names, until=str(later)) if later > last else "",
            "here": request.get_full_path(),
        }

    def _load(
        self, request: HttpRequest, account: Account | None, kind: str, last: date
    ) -> HttpResponse:
        if not request.user.has_perm(_RIGHT):
            raise PermissionDenied
        wanted = request.POST.get("load", "")
        day = _date(wanted)
        if account is None or not (day or wanted in ("latest", "gaps")):
            messages.warning(request, gettext("The page has changed meanwhile. Look again."))
            return HttpResponseRedirect(request.get_full_path())
        if wanted == "latest":
            started = self._start(
                request, account, lambda: catching_up.start_refresh(account, kind)
            )
        else:
            first = day or last - timedelta(days=SHOWN - 1)
            since, until = day_of(first).since, day_of(day or last).until
            if day is None and (begin := coverage.first_loaded(account, kind)):
                since = max(since, begin)  # what nobody ever asked for is no gap
            started = self._start(
                request,
                account,
                lambda: catching_up.start_gaps(account, since, until, kind),
                str(day) if day else gettext("all gaps"),
            )
        query = request.GET.dict() | {"account": account.alias}
        query.pop("asked", None)
        if started:
            query["asked"] = str(int(timezone.now().timestamp() * 1000))
        return HttpResponseRedirect(self._completeness_url(**query))

    def _start(
        self, request: HttpRequest, account: Account, start: Callable[[], None], what: str = ""
    ) -> bool:
        """Start an import outside the request and say so; whether it was started."""
        try:
            start()
        except UserError as refusal:
            messages.warning(request, str(refusal))
            return False
        messages.success(request, gettext("The import has been started."))
        user: Any = request.user
        LogEntry.objects.create(
            user_id=user.pk,
            content_type=ContentType.objects.get_for_model(StatsImport),
            object_repr=f"{account} {what}".strip()[:200],
            action_flag=ADDITION,
            change_message=gettext("Import of statistics started."),
        )
        return True

    def _completeness_url(self, **query: str) -> str:
        url = reverse(f"{self.admin_site.name}:{_URL}")
        return f"{url}?{urlencode(query)}" if query else url


_BASIC = str(CallRecord.Kind.BASIC)
_RED = (coverage.DayState.GAP, coverage.DayState.FAILED)


def _accounts() -> list[Account]:
    """The configured accounts, whose rows appear on first use."""
    return [account_for(alias) for alias in sorted(conf.accounts())]


def _chosen(accounts: list[Account], alias: str) -> Account | None:
    return next((one for one in accounts if one.alias == alias), accounts[0] if accounts else None)


def _kind(wanted: str) -> str:
    return wanted if wanted in CallRecord.Kind.values else _BASIC


def _kinds(account: Account, chosen: str, url: Callable[..., str]) -> list[tuple[str, str, bool]]:
    """Links to both kinds, where the second one is used at all."""
    extended = str(CallRecord.Kind.EXTENDED)
    if not StatsImport.objects.filter(account=account, kind=extended).exists():
        return []
    return [
        (url(account=account.alias, kind=str(value)), str(label), value == chosen)
        for value, label in CallRecord.Kind.choices
    ]


def _date(wanted: str) -> date | None:
    try:
        found = date.fromisoformat(wanted)
    except ValueError:
        return None
    # Calendars and zones end somewhere; statistics began later.
    return found if date(2000, 1, 31) < found <= timezone.localdate() else None


def _is_waited_for(request: HttpRequest, account: Account) -> bool:
    """Whether a button was pressed a moment ago and nothing of it is seen yet."""
    asked = request.GET.get("asked", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 15):
        return False
    moment = datetime.fromtimestamp(int(asked) / 1000, tz=timezone.get_current_timezone())
    if not timedelta() <= timezone.now() - moment < timedelta(seconds=PATIENCE):
        return False
    return not StatsImport.objects.filter(account=account, started_at__gte=moment).exists()
