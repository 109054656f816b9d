"""Who is ours: extensions, SIP addresses and numbers of employees, by period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import numbers
from ..notifications import Party


@dataclass(frozen=True, slots=True)
class Address:
    """An extension, SIP address or number and its owner during a period.

    ``kind`` is ``extension``, ``sip`` or ``number`` (E.164 with plus). The period
    is half open, in Unix seconds; ``None`` means without limit.
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


class Directory:
    """The people and addresses of one PBX.

    Without any SIP address in it every SIP address counts as ours; otherwise
    those it knows and those of the domains it knows.
    """

    def __init__(self, addresses: Iterable[Address] = (), region: str = "RU") -> None:
        self.region = region
        self._addresses: dict[tuple[str, str], list[Address]] = {}
        self._extensions: dict[int, list[Address]] = {}
        self._domains: set[str] = set()
        for address in sorted(addresses, key=_order):
            value = address.value
            if address.kind == "sip":
                value = numbers.canonical_sip(value)
                self._domains.add(value.partition("@")[2])
            elif address.kind == "extension":
                self._extensions.setdefault(address.owner, []).append(address)
            self._addresses.setdefault((address.kind, value), []).append(address)

    def is_ours(self, party: Party, at: int) -> bool:
        """Whether the party belongs to the PBX: it has an extension or a known address."""
        if party.extension:
            return True
        number = numbers.from_service(party.number, self.region)
        if number.kind is numbers.Kind.SIP:
            domain = numbers.canonical_sip(party.number).partition("@")[2]
            return not self._domains or domain in self._domains
        return self._find(party, at) is not None

    def owner_of(self, party: Party, at: int) -> int | None:
        """The owner of the party's extension or number at that time, if known."""
        address = self._find(party, at)
        return address.owner if address else None

    def extension_of(self, party: Party, at: int) -> str:
        """The party's extension, looked up by its number where it was not sent (Q32)."""
        if party.extension:
            return party.extension
        address = self._find(party, at)
        if address is None:
            return ""
        extensions = self._extensions.get(address.owner, ())
        return next((item.value for item in extensions if item.is_valid(at)), "")

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
        known = numbers.from_service(number, self.region)
        if known.kind is numbers.Kind.SIP:
            return numbers.canonical_sip(number)
        return known.e164 or number

    def _find(self, party: Party, at: int) -> Address | None:
        candidates: list[tuple[str, str]] = []
        if party.extension:
            candidates.append(("extension", party.extension))
        if party.number:
            number = numbers.from_service(party.number, self.region)
            if number.kind is numbers.Kind.SIP:
                candidates.append(("sip", numbers.canonical_sip(party.number)))
            elif number.kind is numbers.Kind.E164:
                candidates.append(("number", number.e164))
        for candidate in candidates:
            for address in self._addresses.get(candidate, ()):
                if address.is_valid(at):
                    return address
        return None


def _order(address: Address) -> tuple[str, str, int, str]:
    """The latest period first, so that a lookup does not depend on the input's order."""
    return (address.kind, address.value, -(address.valid_from or 0), str(address.owner))
