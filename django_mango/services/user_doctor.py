"""Why a user sees no calls, or no call button: everything that has to be so, in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import conf
from ..models import Account, Call, Command, Employee, EmployeeAddress, scope
from .directory import employee_of
from .findings import Finding, ok, problem, warning
from .host_extensions import extension_in_host
from .owning import calls_without_owner
from .phone_settings import configured

_SHOWN = 10


def examine_user(user: Any) -> Iterator[Finding]:
    """Lines for one user: logging in, telephone, rights to call, models with numbers, scope."""
    if not user.is_active:
        yield problem(
            _("The user is switched off: he may do nothing."), _("Switch on “Active” of the user.")
        )
        return
    yield from _login(user)
    yield from _telephone(user)
    yield from _calling(user)
    yield from _models(user)
    yield from _scope(user)


def _login(user: Any) -> Iterator[Finding]:
    if not getattr(user, "is_staff", True):
        yield warning(
            _("The user may not log in to the admin."),
            _("Give him “Staff status”, unless he works on pages of your own."),
        )


def _telephone(user: Any) -> Iterator[Finding]:
    try:
        if not conf.accounts():
            yield problem(
                _("No PBX account is configured."), _("Set MANGO['API_KEY'] and MANGO['API_SALT'].")
            )
            return
    except ImproperlyConfigured as error:
        yield problem(str(error))
        return
    people = list(Employee.objects.filter(user=user.pk).select_related("account"))
    for one in people:
        yield from _employee(one)
    if not people:
        yield from _nobody(user)
        return
    chosen = employee_of(user)
    if len(people) > 1 and chosen is not None:
        yield warning(
            _(
                "He is several employees; calls are placed from the telephone of %(employee)s"
                " (%(account)s)."
            )
            % {"employee": chosen, "account": chosen.account.alias}
        )


def _employee(one: Employee) -> Iterator[Finding]:
    extension = one.extension_at()
    if not one.is_active:
        yield problem(
            _("His employee %(employee)s (%(account)s) is switched off.")
            % {"employee": one, "account": one.account.alias},
            _("He is not in the PBX any more, or was switched off by hand; see “Who is who”."),
        )
    elif not extension:
        yield problem(
            _(
                "His employee %(employee)s (%(account)s) has no extension now: no telephone would"
                " ring."
            )
            % {"employee": one, "account": one.account.alias},
            _("Give him an extension in the PBX and run mango_sync, or enter it at the employee."),
        )
    else:
        yield ok(
            _("He is the employee %(employee)s (%(account)s), extension %(extension)s.")
            % {"employee": one, "account": one.account.alias, "extension": extension}
        )
    until = one.account.locked_until()
    if until is not None:
        yield problem(
            _("The PBX refuses the account %(account)s until %(time)s.")
            % {"account": one.account.alias, "time": f"{timezone.localtime(until):%H:%M:%S}"},
            _("Wait; then look for wrong requests in the journal of commands."),
        )


def _nobody(user: Any) -> Iterator[Finding]:
    extension = extension_in_host(user)
    owner = (
        EmployeeAddress.objects.filter(kind=EmployeeAddress.Kind.EXTENSION, value=extension)
        .valid_at(timezone.now())
        .exclude(employee__user=None)
        .select_related("employee__user")
        .first()
        if extension
        else None
    )
    if owner is not None:
        yield problem(
            _("The CRM says he has the extension %(extension)s, but that is %(other)s already.")
            % {"extension": extension, "other": owner.employee.user},
            _("Two people cannot have one telephone: correct one of them."),
        )
    elif extension:
        yield warning(
            _("The CRM says he has the extension %(extension)s; he is joined with his first call.")
            % {"extension": extension}
        )
    else:
        yield problem(
            _("He is no employee of the PBX: no button can call, and no call is his own."),
            _("Run mango_sync and open “Who is who”, or choose him as the user of an employee."),
        )


def _calling(user: Any) -> Iterator[Finding]:
    if user.has_perm("django_mango.place_call"):
        yield ok(_("He may place calls."))
        yield from _caps(user)
    else:
        yield problem(
            _("He has no right to place calls: there is no call button."),
            _("Give him or one of his groups “Can place calls” (django_mango.place_call)."),
        )
    if not any(user.has_perm(f"django_mango.{name}") for name in ("hang_up", "hang_up_any")):
        yield warning(
            _("He has no right to end calls."),
            _("Give him or one of his groups “Can end own calls” (django_mango.hang_up)."),
        )


def _caps(user: Any) -> Iterator[Finding]:
    for name, period in (
        ("CALLS_PER_HOUR", timedelta(hours=1)),
        ("CALLS_PER_DAY", timedelta(days=1)),
    ):
        most = conf.count(name)
        placed = Command.objects.placed_by(user, timezone.now() - period).count()
        if most is not None and placed >= most:
            yield problem(
                _("He has placed %(placed)d calls, %(name)s allows %(most)d: the next is refused.")
                % {"placed": placed, "name": name, "most": most},
                _("Wait, or raise MANGO['%(name)s'].") % {"name": name},
            )


def _models(user: Any) -> Iterator[Finding]:
    models = configured()
    if not models:
        yield warning(
            _("No model has telephone numbers: call buttons appear only at calls."),
            _("Name the fields: MANGO['PHONE_FIELDS'] = {'crm.Contact': ['phone']}."),
        )
    for model in models:
        opts = model._meta
        rights = [f"{opts.app_label}.{what}_{opts.model_name}" for what in ("view", "change")]
        words = {"model": opts.verbose_name_plural, "rights": rights[0]}
        if any(user.has_perm(right) for right in rights):
            yield ok(_("He may see: %(model)s.") % words)
        else:
            yield warning(
                _("He may not see: %(model)s. There is no button at them and no name at calls.")
                % words,
                _("Give him %(rights)s, unless another rule of your CRM decides.") % words,
            )


def _scope(user: Any) -> Iterator[Finding]:
    if scope.sees_all(user):
        yield ok(_("He sees the calls of all."))
    elif user.has_perm(scope.VIEW_TEAM):
        yield from _team(user)
    elif user.has_perm(scope.VIEW_OWN):
        yield ok(_("He sees his own calls."))
    else:
        yield problem(
            _("He has no right to see calls: every list of calls is empty."),
            _(
                "Give him “Can view call” for his own, or “Can view the calls of the team”,"
                " or of all."
            ),
        )
        return
    if scope.takes_unmapped(user):
        yield ok(_("He also sees the calls of people who are nobody in the CRM."))
    yield from _visible(user)


def _team(user: Any) -> Iterator[Finding]:
    model = get_user_model()
    team = model._default_manager.filter(pk__in=scope.team_of(user)).exclude(pk=user.pk)
    names = [str(one) for one in team.order_by(model.USERNAME_FIELD)[: _SHOWN + 1]]
    if not names:
        yield warning(
            _("He sees the calls of his team, and nobody else is in it."),
            _("Put him into a group with his people, or give MANGO['TEAM_OF']."),
        )
        return
    shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
    yield ok(_("He sees the calls of his team: %(names)s.") % {"names": shown})


def _visible(user: Any) -> Iterator[Finding]:
    count = Call.objects.visible_to(user)[:1001].count()
    if count:
        yield ok(
            _("He sees more than a thousand calls.")
            if count > 1000
            else ngettext("He sees %(count)d call.", "He sees %(count)d calls.", count)
            % {"count": count}
        )
    elif not Call.objects.exists():
        yield warning(
            _("There are no calls at all yet."),
            _("Run mango_import_stats, and enter the address of the webhook in the PBX."),
        )
    else:
        yield problem(_("Of the calls there are he sees none."), _("The lines above say why."))
    yield from _without_owner(user)


def _without_owner(user: Any) -> Iterator[Finding]:
    """Calls of his extension that were computed before anybody knew whose it is."""
    for account in Account.objects.filter(employees__user=user.pk).distinct():
        mine = EmployeeAddress.objects.filter(account=account, employee__user=user.pk)
        addresses = list(mine.values_list("kind", "value"))
        lost = calls_without_owner(account, addresses)[:1001].count() if addresses else 0
        if lost:
            yield warning(
                ngettext(
                    "%(count)d call of his extension has no owner.",
                    "%(count)d calls of his extensions have no owner.",
                    lost,
                )
                % {"count": lost},
                _("They may be older than his extension; if not, run mango_rebuild --all."),
            )
