"""Our admins on every configured site."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.utils.module_loading import import_string

from .. import conf
from ..models import (
    Account,
    Call,
    Command,
    Employee,
    Group,
    Line,
    Notification,
    Recording,
    StatsImport,
)
from .attaching import watch
from .base import MangoAdmin
from .calls import CallAdmin
from .commands import CommandAdmin
from .directory import AccountAdmin, EmployeeAdmin, GroupAdmin, LineAdmin
from .imports import StatsImportAdmin
from .notifications import NotificationAdmin
from .recordings import RecordingAdmin

logger = logging.getLogger(__name__)

ADMINS: dict[type[Model], type[MangoAdmin]] = {
    Account: AccountAdmin,
    Call: CallAdmin,
    Command: CommandAdmin,
    Employee: EmployeeAdmin,
    Group: GroupAdmin,
    Line: LineAdmin,
    Notification: NotificationAdmin,
    Recording: RecordingAdmin,
    StatsImport: StatsImportAdmin,
}


def register(site: AdminSite) -> None:
    """Put our admins on ``site``; models the host has registered itself stay his."""
    for model, model_admin in ADMINS.items():
        if not site.is_registered(model):
            site.register(model, model_admin)


def give_way(site: AdminSite, model: type[Model]) -> None:
    """Take our admin of ``model`` away: the host is about to register his own, late."""
    ours = ADMINS.get(model)
    if ours is not None and site.is_registered(model) and type(site._registry[model]) is ours:
        site.unregister(model)


def register_all() -> None:
    """Register on all sites of ``MANGO["ADMIN_SITES"]`` and watch them; may be called again."""
    for site in sites():
        register(site)
        watch(site, give_way)


def sites() -> Iterator[AdminSite]:
    """The configured sites. A path that cannot be imported is skipped: a system check names it."""
    paths = conf.get("ADMIN_SITES", object)
    if not isinstance(paths, (list, tuple)):
        return
    for path in paths:
        try:
            yield import_string(path)
        except ImportError:
            logger.exception("MANGO['ADMIN_SITES'] names %r, which cannot be imported", path)
