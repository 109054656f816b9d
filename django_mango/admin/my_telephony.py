"""The page "My telephony": whose phone rings for whom, and what appears by itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .. import conf
from ..models import Employee, Line, Preference
from ..services.preferences import choose_line, choose_notifications, preference_of
from .confirming import ConfirmPages


class PreferenceForm(forms.Form):
    """What a person may choose for himself."""

    notifications = forms.ChoiceField(
        label=_("What appears by itself"), required=False, widget=forms.RadioSelect
    )
    line: Any = forms.ModelChoiceField(
        Line.objects.none(),
        label=_("My line"),
        required=False,
        empty_label=_("as the PBX has it"),
        help_text=_("The number clients see when you call from the CRM."),
    )

    def __init__(self, *args: Any, lines: QuerySet[Line], default: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = dict(Preference.Notifications.choices)
        as_site = pgettext_lazy("notifications", "as the site has it (%(now)s)")
        choices = [("", as_site % {"now": words[default]}), *Preference.Notifications.choices]
        notifications: Any = self.fields["notifications"]
        notifications.choices = choices
        if lines:
            line: Any = self.fields["line"]
            line.queryset = lines
        else:
            del self.fields["line"]


class MyTelephony(ConfirmPages):
    """A page for everybody who may enter the site, mounted under the admin of calls."""

    def get_urls(self) -> list[URLPattern]:
        view = self._asking(self.my_telephony_view)
        return [path("my/", view, name="django_mango_my_telephony"), *super().get_urls()]

    def my_telephony_view(self, request: HttpRequest) -> HttpResponse:
        """Show the person's telephones and choices; POST saves the choices."""
        employees = list(_employees_of(request.user))
        chosen = preference_of(request.user)
        accounts = {employee.account_id for employee in employees}
        form = PreferenceForm(
            request.POST or None,
            lines=Line.objects.filter(account__in=accounts, is_active=True).order_by("number"),
            default=conf.notifications_of(request.user),
            initial={"notifications": chosen.notifications, "line": chosen.line_id},
        )
        if request.method == "POST" and form.is_valid():
            choose_notifications(request.user, form.cleaned_data["notifications"])
            if "line" in form.fields:
                choose_line(request.user, form.cleaned_data["line"])
            messages.success(request, gettext("Your choices are saved."))
            return HttpResponseRedirect(request.get_full_path())
        context = {
            "title": gettext("My telephony"),
            "form": form,
            "telephones": [_telephone(employee, len(accounts) > 1) for employee in employees],
            "may_call": request.user.has_perm("django_mango.place_call"),
            "pad_url": self._own("django_mango_dial_pad"),
            "people_url": self._people_url(request),
        }
        return self._page(request, "my_telephony", self, None, context)

    def _people_url(self, request: HttpRequest) -> str:
        """Where a missing extension can be entered, for who may."""
        if request.user.has_perm("django_mango.manage_settings"):
            return self._own("django_mango_employee_mapping")
        if request.user.has_perm("django_mango.change_employee"):
            return self._own("django_mango_employee_changelist")
        return ""

    def _own(self, name: str) -> str:
        try:
            return reverse(f"{self.admin_site.name}:{name}")
        except NoReverseMatch:
            return ""


def _employees_of(user: Any) -> QuerySet[Employee]:
    """Who the user is in the PBXs of the settings."""
    return Employee.objects.filter(
        user=user.pk, is_active=True, account__alias__in=conf.accounts()
    ).select_related("account")


def _telephone(employee: Employee, with_account: bool) -> dict[str, str]:
    return {
        "name": str(employee),
        "extension": employee.extension_at(),
        "account": str(employee.account) if with_account else "",
    }
