"""Who is ours: extensions, SIP addresses and numbers of employees, by period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import numbers
from ..notifications import Party

#: Clients come and go; a long import must not keep them all.
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Address:
    """An extension, SIP address or number and its owner during a period.

    ``kind`` is ``extension``, ``sip``, ``number`` (E.164 with plus) or ``user``, the service's
    own id of the owner, by which the extended statistics name people; that one has no
    period. Periods are half open, in Unix seconds; ``None`` means without limit.
    """

    kind: str
    value: str
    owner: int
    valid_from: int | None = None
    valid_to: int | None = None

    def is_valid(self, at: int) -> bool:
        """Whether the owner had the address at the moment ``at``."""
        return (self.valid_from is None or self.valid_from <= at) and (
            self.valid_to is None or at < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Seat:
    """What the directory knows of one pair of extension and number, whatever the time.

    ``is_ours`` is ``None`` where that depends on the time; ``plain`` is the number in the
    form numbers are compared in, ``e164`` empty unless it is a telephone's.
    """

    is_ours: bool | None
    e164: str
    plain: str
    addresses: tuple[Address, ...]

    def at(self, at: int) -> Address | None:
        """The address valid at that time: of the extension, else of the number."""
        for address in self.addresses:
            if address.is_valid(at):
                return address
        return None


class Directory:
    """The people and addresses of one PBX.

    Without any SIP address in it every SIP address counts as ours; otherwise
    those it knows and those of the domains it knows.
    """

    def __init__(self, addresses: Iterable[Address] = (), region: str = "RU") -> None:
        self.region = region
        self._known = frozenset(addresses)
        #: The same few people are looked up for every leg of every call.
        self._seats: dict[tuple[str, str], Seat] = {}
        self._identities: dict[tuple[str, str], tuple[str, str, int | None]] = {}
        self._addresses: dict[tuple[str, str], list[Address]] = {}
        self._extensions: dict[int, list[Address]] = {}
        self._owners: dict[str, int] = {}
        self._domains: set[str] = set()
        for address in sorted(self._known, key=_order):
            value = address.value
            if address.kind == "sip":
                value = numbers.canonical_sip(value)
                self._domains.add(value.partition("@")[2])
            elif address.kind == "extension":
                self._extensions.setdefault(address.owner, []).append(address)
            elif address.kind == "user":
                self._owners[value] = address.owner
            self._addresses.setdefault((address.kind, value), []).append(address)

    def is_like(self, other: Directory) -> bool:
        """Whether both know the same; else they may make different calls of the same rows."""
        return self is other or (self.region == other.region and self._known == other._known)

    def seat(self, extension: str, number: str) -> Seat:
        """All that is known of a party; remembered."""
        seat = self._seats.get((extension, number))
        if seat is None:
            if len(self._seats) >= _REMEMBERED:
                self._seats.clear()
                self._identities.clear()
            seat = self._seats[extension, number] = self._new_seat(extension, number)
        return seat

    def is_ours(self, party: Party, at: int) -> bool:
        """Whether the party belongs to the PBX: it has an extension or a known address."""
        seat = self.seat(party.extension, party.number)
        return seat.at(at) is not None if seat.is_ours is None else seat.is_ours

    def owner_of(self, party: Party, at: int) -> int | None:
        """The owner of the party's extension or number at that time, if known."""
        address = self.seat(party.extension, party.number).at(at)
        return address.owner if address else None

    def extension_of(self, party: Party, at: int) -> str:
        """The party's extension, looked up by its number where it was not sent (Q32)."""
        if party.extension:
            return party.extension
        address = self.seat("", party.number).at(at)
        return self._extension(address.owner, at) if address else ""

    def extension_of_user(self, user_id: int, at: int) -> str:
        """The extension of the employee the service knows by this id, empty when unknown."""
        owner = self._owners.get(str(user_id))
        return self._extension(owner, at) if owner is not None else ""

    def identity(self, extension: str, number: str, at: int) -> tuple[str, str, int | None]:
        """Extension, number where the extension is unknown, and owner of somebody of ours."""
        always = self._identities.get((extension, number))
        if always is not None:
            return always
        seat = self.seat("", number)
        known = extension or self.extension_of(Party("", number), at)
        address = self.seat(known, number).at(at)
        found = (known, "" if known else seat.plain, address.owner if address else None)
        addresses = [*seat.addresses, *self.seat(known, number).addresses]
        if seat.addresses:
            addresses += self._extensions.get(seat.addresses[0].owner, ())
        if all(one.valid_from is one.valid_to is None for one in addresses):
            self._identities[extension, number] = found
        return found

    def same(self, first: Party, second: Party, at: int) -> bool:
        """Whether two parties are one, each possibly known in part only."""
        if first.extension and second.extension:
            return first.extension == second.extension
        if first.number and second.number and self.plain(first.number) == self.plain(second.number):
            return True
        # The same person by another address: an extension here, a telephone there (Q32).
        one, other = self.extension_of(first, at), self.extension_of(second, at)
        if one or other:
            return one == other
        owner = self.owner_of(first, at)
        return owner is not None and owner == self.owner_of(second, at)

    def plain(self, number: str) -> str:
        """A number in the form numbers are compared in."""
        return self.seat("", number).plain

    def _extension(self, owner: int, at: int) -> str:
        extensions = self._extensions.get(owner, ())
        return next((item.value for item in extensions if item.is_valid(at)), "")

    def _new_seat(self, extension: str, number: str) -> Seat:
        known = numbers.from_service(number, self.region)
        is_sip = known.kind is numbers.Kind.SIP
        plain = numbers.canonical_sip(number) if is_sip else known.e164 or number
        addresses: list[Address] = []
        if extension:
            addresses += self._addresses.get(("extension", extension), ())
        if number:
            kind = "sip" if is_sip else "number"
            addresses += self._addresses.get((kind, plain), ()) if is_sip or known.e164 else ()
        is_ours: bool | None = bool(extension)
        if not extension and is_sip:
            is_ours = not self._domains or plain.partition("@")[2] in self._domains
        elif not extension and addresses:
            is_always = any(one.valid_from is one.valid_to is None for one in addresses)
            is_ours = True if is_always else None
        return Seat(is_ours, known.e164, plain, tuple(addresses))


def _order(address: Address) -> tuple[str, str, int, str]:
    """The latest period first, so that a lookup does not depend on the input's order."""
    return (address.kind, address.value, -(address.valid_from or 0), str(address.owner))
