"""Keeps the phone index: hears saves and deletions of the configured models, and of no others.

``MANGO["PHONE_FIELDS"]`` decides which models are heard, so that a save anywhere else
costs nothing and Django's fast deletion works there as before. Bulk updates send no
signals: ``mango_index_numbers`` finds what they changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db.models import Model
from django.db.models.signals import (
    ModelSignal,
    m2m_changed,
    post_delete,
    post_save,
    pre_delete,
    pre_save,
)

from .. import conf
from ..services.phone_settings import Hop, configured, owner_model
from ..services.phone_watch import hops_to, note, owners_behind

logger = logging.getLogger(__name__)
Receiver = Callable[..., None]
_connected: list[tuple[ModelSignal, Receiver, type[Model]]] = []


def connect() -> None:
    """Listen to the models configured now, and again when the settings change."""
    setting_changed.connect(_settings_changed, dispatch_uid="mango-phone-settings")
    _listen()


def _settings_changed(*, setting: str, **_kwargs: Any) -> None:
    if setting in ("MANGO", "INSTALLED_APPS"):
        _listen()


def _listen() -> None:
    while _connected:
        signal, receiver, sender = _connected.pop()
        signal.disconnect(receiver, sender=sender)
    try:
        known = {} if conf.clients_hook() else configured()
    except ImproperlyConfigured:
        return  # a system check says so
    through = {hop.through for paths in known.values() for path in paths for hop in path.hops}
    # A proxy and a model that extends another one send signals of their own.
    for model in apps.get_models() if known else ():
        if owner_model(model):
            _hear(model, (post_save, _owner_changed), (post_delete, _owner_changed))
        hops = hops_to(model)
        if hops:
            _hear(model, (post_save, _row_changed), (pre_delete, _row_changed))
        if any(hop.moves for _owner, hop in hops):
            _hear(model, (pre_save, _row_moves))
    for link in filter(None, through):
        _hear(link, (m2m_changed, _rows_linked))


def _hear(sender: type[Model], *pairs: tuple[ModelSignal, Receiver]) -> None:
    for signal, receiver in pairs:
        signal.connect(receiver, sender=sender)
        _connected.append((signal, receiver, sender))


def _harmless(receiver: Receiver) -> Receiver:
    """A mistake of ours is logged, never a reason why the host cannot save."""

    @wraps(receiver)
    def receive(**kwargs: Any) -> None:
        try:
            receiver(**kwargs)
        except Exception:
            logger.exception("the phone index does not follow a change: mango_index_numbers does")

    return receive


@_harmless
def _owner_changed(*, sender: type[Model], instance: Model, using: str, **_kwargs: Any) -> None:
    owner = owner_model(sender)
    if owner is not None:
        note(owner, [getattr(instance, owner._meta.pk.attname)], using)


@_harmless
def _row_changed(*, sender: type[Model], instance: Model, using: str, **_kwargs: Any) -> None:
    for owner, hop in hops_to(sender):
        note(owner, owners_behind(owner, hop.query, instance), using)


@_harmless
def _row_moves(
    *, sender: type[Model], instance: Model, using: str, raw: bool = False, **_kwargs: Any
) -> None:
    """The owners a row leaves: after the save nobody knows them."""
    if raw or instance._state.adding:
        return
    for owner, hop in hops_to(sender):
        if hop.moves:
            note(owner, owners_behind(owner, hop.query, instance), using)


@_harmless
def _rows_linked(
    *, sender: type[Model], instance: Model, action: str, using: str, **_kwargs: Any
) -> None:
    if action not in ("post_add", "pre_remove", "pre_clear"):
        return
    for owner, paths in configured().items():
        for path in paths:
            for hop in path.hops:
                if hop.through is sender:
                    note(owner, _linked_owners(owner, hop, instance), using)


def _linked_owners(owner: type[Model], hop: Hop, instance: Model) -> list[Any]:
    if not isinstance(instance, hop.source):
        return owners_behind(owner, hop.query, instance)
    before = hop.query.rpartition("__")[0]
    return owners_behind(owner, before, instance) if before else [instance.pk]
