"""Who is ours: extensions, SIP addresses and numbers, each during its period."""

from __future__ import annotations

import itertools

import pytest

from django_mango.protocol.notifications import Party
from django_mango.protocol.projection import Address, Directory
from tests.protocol.flows import ANNA, CLIENT, T0, call, row, summary

CHANGED_HANDS = [
    Address("extension", "101", "anna", valid_to=T0),
    Address("extension", "101", "boris", valid_from=T0),
    Address("extension", "102", "anna", valid_from=T0),
    Address("sip", "sip:Anna@team.mangosip.ru", "anna"),
    Address("number", "+79031112233", "anna", valid_from=T0 - 100, valid_to=T0),
]


def test_anything_with_an_extension_is_ours() -> None:
    assert Directory().is_ours(Party("999", "79161234567"), T0)


@pytest.mark.parametrize("number", ["sip:a@b", "SIPS:a@b", "a@b"])
def test_without_a_directory_any_sip_address_is_ours(number: str) -> None:
    assert Directory().is_ours(Party("", number), T0)


def test_with_one_only_addresses_of_known_domains_are() -> None:
    directory = Directory(CHANGED_HANDS)
    assert directory.is_ours(Party("", "sip:anna@TEAM.mangosip.ru"), T0)
    assert directory.is_ours(Party("", "sip:new@team.mangosip.ru;transport=udp"), T0)
    assert not directory.is_ours(Party("", "sip:friend@elsewhere.example"), T0)


@pytest.mark.parametrize(("at", "is_ours"), [(-101, False), (-100, True), (-1, True), (0, False)])
def test_number_is_ours_during_its_period(at: int, is_ours: bool) -> None:
    assert Directory(CHANGED_HANDS).is_ours(Party("", "79031112233"), T0 + at) is is_ours


def test_nobody_is_not_ours() -> None:
    assert not Directory(CHANGED_HANDS).is_ours(Party(), T0)
    assert not Directory().is_ours(Party("", "anonymous"), T0)


@pytest.mark.parametrize(("at", "owner"), [(-1, "anna"), (0, "boris"), (10**6, "boris")])
def test_extension_stays_with_whoever_had_it_then(at: int, owner: str) -> None:
    directory = Directory(CHANGED_HANDS)
    assert directory.owner_of(Party("101"), T0 + at) == owner
    rows = [row(CLIENT, {"extension": "101"}, at, at + 9, answer=at + 1)]
    assert call(records=rows, directory=directory).owner == owner


def test_sip_address_leads_to_the_extension_of_that_time() -> None:
    directory = Directory(CHANGED_HANDS)
    party = Party("", "sip:anna@team.mangosip.ru")
    assert directory.extension_of(party, T0 - 1) == "101"
    assert directory.extension_of(party, T0) == "102"
    result = call(
        records=[row(CLIENT, {"number": ANNA["number"]}, 5, 30, answer=9)], directory=directory
    )
    assert (result.extension, result.owner) == ("102", "anna")


def test_own_number_decides_the_direction_at_the_time_of_the_call() -> None:
    target = {"number": "79031112233"}
    directory = Directory(CHANGED_HANDS)
    before = call(summaries=[summary(None, target, CLIENT, created=-50)], directory=directory)
    after = call(summaries=[summary(None, target, CLIENT, created=50)], directory=directory)
    assert (before.direction, after.direction) == ("outgoing", "incoming")


def test_result_does_not_depend_on_the_order_of_addresses() -> None:
    overlapping = [
        Address("extension", "101", "old"),
        Address("extension", "101", "new", valid_from=T0 - 5),
        Address("extension", "101", "older", valid_from=T0 - 50),
    ]
    owners = {
        Directory(order).owner_of(Party("101"), T0) for order in itertools.permutations(overlapping)
    }
    assert owners == {"new"}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (Party("101"), Party("101", "sip:x@y"), True),
        (Party("101", "79161234567"), Party("102", "79161234567"), False),
        (Party("", "79161234567"), Party("", "+7 916 123-45-67"), True),
        (Party("", "79161234567"), Party("", "89161234567"), True),
        (Party("", "sip:A@B;x=1"), Party("", "a@b"), True),
        (Party("", "79161234567"), Party("", "79161234568"), False),
        (Party("102"), Party("", "sip:anna@team.mangosip.ru"), True),
        (Party("102", "sip:anna@team.mangosip.ru"), Party("", "sip:anna@team.mangosip.ru"), True),
        (Party("101"), Party("", "sip:anna@team.mangosip.ru"), False),
        (Party(), Party(), False),
        (Party(), Party("101"), False),
        (Party("", "79161234567"), Party("101"), False),
    ],
)
def test_same_party(first: Party, second: Party, same: bool) -> None:
    directory = Directory(CHANGED_HANDS)
    assert directory.same(first, second, T0) is same
    assert directory.same(second, first, T0) is same


def test_two_addresses_of_one_person_are_one_party() -> None:
    directory = Directory(
        [Address("sip", "sip:anna@team.mangosip.ru", 1), Address("number", "+79031112233", 1)]
    )
    assert directory.same(Party("", "sip:anna@team.mangosip.ru"), Party("", "79031112233"), T0)
