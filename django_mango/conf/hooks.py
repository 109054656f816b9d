"""Functions of the host, as typed protocols, and the settings that hold them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from .known import KNOWN, NOTIFICATIONS
from .reading import hook, raw


class CrmUser(Protocol):
    """What we ask of a user of the host, whatever its model."""

    pk: Any

    @property
    def is_active(self) -> bool: ...

    @property
    def is_authenticated(self) -> bool: ...

    def has_perm(self, perm: str, obj: Any = None) -> bool: ...


class TeamHook(Protocol):
    """``MANGO["TEAM_OF"]``: the users, or their keys, whose calls a user of the team may see."""

    def __call__(self, user: Any, /) -> Iterable[Any]: ...


class ExtensionHook(Protocol):
    """``MANGO["EXTENSION_OF"]``: the extension a user has in the host's own data."""

    def __call__(self, user: Any, /) -> str | None: ...


class NotificationsHook(Protocol):
    """``MANGO["NOTIFICATIONS"]`` as a function: "on", "silent" or "off" for a user."""

    def __call__(self, user: Any, /) -> str: ...


class CardHook(Protocol):
    """``MANGO["CARD_OF"]``: (title, text) lines of the card of an incoming call.

    ``clients`` are the host's objects the number belongs to, as far as ``user`` may view them.
    """

    def __call__(
        self, user: Any, call: Any, clients: Sequence[Any], /
    ) -> Iterable[tuple[str, str]]: ...


def fixed_notifications() -> str | None:
    """What ``NOTIFICATIONS`` says for everybody, ``None`` where a function decides."""
    value = raw().get("NOTIFICATIONS", KNOWN["NOTIFICATIONS"].default)
    return str(value) if value in NOTIFICATIONS else None


def notifications_of(user: Any) -> str:
    """What a user is shown who has not chosen: ``on``, ``silent`` or ``off``."""
    fixed = fixed_notifications()
    if fixed is not None:
        return fixed
    decide: NotificationsHook | None = hook("NOTIFICATIONS")
    chosen = decide(user) if decide is not None else "on"
    return chosen if chosen in NOTIFICATIONS else "on"


def card_hook() -> CardHook | None:
    """The hook of ``CARD_OF``, imported where it is a dotted path."""
    found: CardHook | None = hook("CARD_OF")
    return found


def extension_hook() -> ExtensionHook | None:
    """The hook of ``EXTENSION_OF``, imported where it is a dotted path."""
    found: ExtensionHook | None = hook("EXTENSION_OF")
    return found


def team_hook() -> TeamHook | None:
    """The hook of ``TEAM_OF``, imported where it is a dotted path."""
    found: TeamHook | None = hook("TEAM_OF")
    return found


class ClientsHook(Protocol):
    """``MANGO["CLIENTS_OF"]``: the objects each number (E.164 with plus) belongs to.

    Called once for a page of calls. Numbers that belong to nobody may be left out.
    """

    def __call__(self, numbers: Collection[str], /) -> Mapping[str, Iterable[Any]]: ...


class VisibleClientsHook(Protocol):
    """``MANGO["VISIBLE_CLIENTS"]``: of these objects of one model those ``user`` may view.

    Called once for a model and a page of calls, with a query set, and gives one.
    """

    def __call__(self, user: Any, objects: Any, /) -> Any: ...


def clients_hook() -> ClientsHook | None:
    """The hook of ``CLIENTS_OF``."""
    found: ClientsHook | None = hook("CLIENTS_OF")
    return found


def visible_clients_hook() -> VisibleClientsHook | None:
    """The hook of ``VISIBLE_CLIENTS``."""
    found: VisibleClientsHook | None = hook("VISIBLE_CLIENTS")
    return found


#: Hands a background job, its name and its arguments as JSON, to the host's own queue.
TasksHook = Callable[[str, Mapping[str, Any]], object]

#: ``ACCOUNTS`` may be computed: one PBX per tenant, for example.
AccountsHook = Callable[[], Mapping[str, Mapping[str, Any]]]
