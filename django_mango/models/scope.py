"""Whose calls a user may see: his own, those of his team, or all.

The team is everybody who shares a group of ``django.contrib.auth`` with him, or whom the hook
``MANGO["TEAM_OF"]`` names. ``Call.objects.visible_to`` is the only place that asks.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from .. import conf
from ..conf import CrmUser
from .directory import Employee

log = logging.getLogger("django_mango.services")

VIEW_OWN = "django_mango.view_call"
VIEW_TEAM = "django_mango.view_team_calls"
VIEW_ALL = "django_mango.view_all_calls"
#: Any of these opens the lists; what is in them ``visible_to`` decides.
MAY_SEE = (VIEW_OWN, VIEW_TEAM, VIEW_ALL)


def sees_all(user: CrmUser) -> bool:
    """Whether nothing is hidden from this user, calls not known yet included."""
    return bool(user.is_active and user.is_authenticated and user.has_perm(VIEW_ALL))


def may_see_calls(user: CrmUser) -> bool:
    """Whether the user may open lists of calls at all."""
    return bool(user.is_active) and any(user.has_perm(permission) for permission in MAY_SEE)


def watched_users(user: CrmUser) -> Q | None:
    """A condition on users: whose calls this one sees. ``None``: nobody's.

    For who sees all it is not asked.
    """
    if not user.is_active or not user.is_authenticated:
        return None
    if user.has_perm(VIEW_TEAM):
        return Q(pk=user.pk) | Q(pk__in=team_of(user))
    return Q(pk=user.pk) if user.has_perm(VIEW_OWN) else None


def team_of(user: CrmUser) -> QuerySet[Any, Any] | list[Any]:
    """Keys of the users in this one's team, as a query or a list.

    A hook that fails is logged and shows nothing: what cannot be known is not shown. Raises
    ``ImproperlyConfigured`` where it cannot be imported.
    """
    hook = conf.team_hook()
    if hook is not None:
        try:
            return _keys(hook(user))
        except Exception:
            log.exception("MANGO['TEAM_OF'] failed: user %s sees no team", user.pk)
            return []
    model = get_user_model()
    if not any(field.name == "groups" for field in model._meta.many_to_many):
        return []  # a user model without groups needs the hook
    groups = model._default_manager.filter(pk=user.pk).values("groups")
    return model._default_manager.filter(groups__in=groups).order_by().values("pk")


def visible_employees(user: CrmUser) -> QuerySet[Employee]:
    """Employees whose calls the user may see."""
    if sees_all(user):
        return Employee.objects.all()
    users = watched_users(user)
    if users is None:
        return Employee.objects.none()
    chosen = get_user_model()._default_manager.filter(users).order_by()
    return Employee.objects.filter(user__in=chosen.values("pk"))


def takes_unmapped(user: CrmUser) -> bool:
    """Whether calls of people who are nobody in the CRM are this user's to look after."""
    name = conf.get("UNMAPPED_CALLS_TO", str)
    return bool(name) and name == str(getattr(user, "get_username", lambda: "")())


def _keys(users: Iterable[Any] | QuerySet[Any]) -> QuerySet[Any, Any] | list[Any]:
    """What a hook gave as keys: a query of users stays a query, users become their keys."""
    if isinstance(users, QuerySet):
        return users.order_by().values("pk")
    return [getattr(one, "pk", one) for one in users]
