"""What we ask of the company behind a PBX: people, groups, lines (§3.7). Reads, all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class UsersRequest:
    """The staff with ids, SIP addresses and mobile numbers (§3.7.1); once in two seconds."""

    path: ClassVar[str] = "config/users/request"
    group: ClassVar[str] = "users"
    kind: ClassVar[str] = "users"
    is_read: ClassVar[bool] = True

    def payload(self) -> dict[str, object]:
        return {"ext_fields": ["general.user_id", "general.sips", "general.mobile"]}


@dataclass(frozen=True, slots=True)
class GroupsRequest:
    """The groups of the PBX, without their members (§3.7.2)."""

    path: ClassVar[str] = "groups"
    group: ClassVar[str] = "groups"
    kind: ClassVar[str] = "groups"
    is_read: ClassVar[bool] = True

    def payload(self) -> dict[str, object]:
        return {}


@dataclass(frozen=True, slots=True)
class LinesRequest:
    """The numbers of the PBX (§3.7.7)."""

    path: ClassVar[str] = "incominglines"
    group: ClassVar[str] = "lines"
    kind: ClassVar[str] = "lines"
    is_read: ClassVar[bool] = True

    def payload(self) -> dict[str, object]:
        return {}
