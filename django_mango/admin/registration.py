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


def register_all() -> None:
    """Register on all sites of ``MANGO["ADMIN_SITES"]``; may be called again."""
    for site in sites():
        register(site)


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
