"""Call controls for admins nobody edited: registered ones, and those registered later.

A watched site gives each of its admins a subclass ``(CallControl, its own class)``, once.
The admin stays the object it was: its address, its registration and whatever the host
holds of it are the same, and so is its name in checks and messages.
"""

from __future__ import annotations

import logging
import types
from collections.abc import Callable, Iterable, Iterator
from functools import cache, wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model

from .. import conf
from .call_control import CallControl

logger = logging.getLogger(__name__)

_WATCHED = "_mango_watched"
GiveWay = Callable[[AdminSite, type[Model]], None]


def watch(site: AdminSite, give_way: GiveWay | None = None) -> None:
    """Attach to all admins of ``site``, now and whenever one is registered; may be repeated.

    ``give_way`` is told of a model that is about to be registered. Nothing here raises:
    a site that cannot be watched works as it did.
    """
    _attach_all(site)
    if getattr(site, _WATCHED, False):
        return
    try:
        _follow(site, give_way)
        setattr(site, _WATCHED, True)
    except Exception:
        logger.exception("the admin site %r cannot be watched", getattr(site, "name", site))


def attach(model_admin: Any) -> None:
    """Give one registered admin its call controls, unless it has them or wants none.

    ``mango_attach = False`` in its class, or its model in ``MANGO["ATTACH_EXCLUDE"]``,
    leaves it as the host made it.
    """
    if isinstance(model_admin, CallControl) or not getattr(model_admin, "mango_attach", True):
        return
    if model_admin.model._meta.label_lower in _excluded():
        return
    host: Any = type(model_admin)
    model_admin.__class__ = attached_class(host)


@cache
def attached_class(host: type[Any]) -> type[Any]:
    """The subclass for all admins of the class ``host``; it is called as the host's is."""

    def fill(namespace: dict[str, Any]) -> None:
        namespace.update(
            __module__=host.__module__,
            __qualname__=host.__qualname__,
            __doc__=host.__doc__,
            # Else Django would read the host's ``Media`` again, and lose ours by its ``extend``.
            media=CallControl.media,
        )

    return types.new_class(host.__name__, (CallControl, host), exec_body=fill)


def _follow(site: AdminSite, give_way: GiveWay | None) -> None:
    """Wrap what puts admins on this one site; its class and other sites stay untouched."""
    register, get_urls = site.register, site.get_urls

    @wraps(register)
    def register_and_attach(*args: Any, **kwargs: Any) -> Any:
        what = args[0] if args else kwargs.get("model_or_iterable")
        if isinstance(what, Iterator):  # it can be read only once
            what = list(what)
            args = (what, *args[1:]) if args else args
            kwargs = kwargs if args else {**kwargs, "model_or_iterable": what}
        if give_way is not None:
            for model in what if isinstance(what, Iterable) else [what]:
                _quietly(give_way, site, model)
        result = register(*args, **kwargs)
        _attach_all(site)
        return result

    @wraps(get_urls)
    def attach_and_get_urls() -> Any:
        # Some sites copy the registry of another one without registering.
        _attach_all(site)
        return get_urls()

    setattr(site, "register", register_and_attach)  # noqa: B010 - a method may not be assigned to, says mypy
    setattr(site, "get_urls", attach_and_get_urls)  # noqa: B010


def _attach_all(site: AdminSite) -> None:
    for model_admin in list(site._registry.values()):
        _quietly(attach, model_admin)


def _quietly(work: Callable[..., None], *args: Any) -> None:
    """The host's registrations must not fail by a mistake of ours."""
    try:
        work(*args)
    except Exception:
        logger.exception("no call control for %r", args[-1])


def _excluded() -> frozenset[str]:
    declared = conf.get("ATTACH_EXCLUDE", object)
    several = declared if isinstance(declared, (list, tuple)) else ()
    return frozenset(str(label).lower() for label in several)
