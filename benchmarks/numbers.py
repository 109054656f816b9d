"""Finding the clients of a page of calls: 10,000 indexed numbers against 1,000,000.

Contacts and companies of the example CRM, two numbers each; a page is 100 calls of
random numbers, every tenth a stranger. The same process measures both sizes in one run,
the index as it is after the database has come to rest.

    python -m benchmarks.numbers --database postgresql
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from . import database, table

_PER_PAGE = 100
#: A contact has two numbers and a company one; of three numbers two are a contact's.
_NUMBERS_OF_THREE = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, return 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=database.CHOICES, default="postgresql")
    parser.add_argument("--small", type=int, default=10_000, help="indexed numbers at first")
    parser.add_argument("--large", type=int, default=1_000_000, help="indexed numbers at last")
    parser.add_argument("--pages", type=int, default=400, help="pages measured at each size")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args(argv)
    with database.prepared(options.database):
        small = _at(0, options.small, options.pages)
        large = _at(options.small, options.large, options.pages)
    ratio = large["ms"] / small["ms"]
    table.show(
        f"Clients of a page of {_PER_PAGE} calls on {options.database} ({table.machine()})",
        ("indexed numbers", "ms per page", "queries", "clients found", "ratio"),
        [
            (f"{options.small:,}", f"{small['ms']:.2f}", small["queries"], small["found"], "1.00"),
            (f"{options.large:,}", f"{large['ms']:.2f}", large["queries"], large["found"],
             f"{ratio:.2f}"),
        ],
    )  # fmt: skip
    figures = {"machine": table.machine(), "small": small, "large": large, "ratio": ratio}
    table.save(options.json, figures)
    return 0


def number_of(place: int) -> str:
    """The number at a place of the index: scattered over the mobile numbers, none twice."""
    return f"+79{place * 387_420_489 % 1_000_000_007:09}"


def _at(since: int, until: int, pages: int) -> dict[str, Any]:
    from .loading import settle

    _fill(since, until)
    settle()
    return _measure(until, pages)


def _fill(since: int, until: int) -> None:
    from django.contrib.contenttypes.models import ContentType
    from django.utils import timezone

    from django_mango.models import ContactNumber
    from example_project.crm.models import Company, Contact

    from .loading import load

    groups = range(-(-since // _NUMBERS_OF_THREE), -(-until // _NUMBERS_OF_THREE))
    load(Contact, ("id", "name"), ((group + 1, f"Contact {group}") for group in groups))
    load(Company, ("id", "name"), ((group + 1, f"Company {group}") for group in groups))
    contact = ContentType.objects.get_for_model(Contact).pk
    company = ContentType.objects.get_for_model(Company).pk
    now = timezone.now()

    def rows() -> Iterator[tuple[Any, ...]]:
        for place in range(since, until):
            group, part = divmod(place, _NUMBERS_OF_THREE)
            kind, field = ((contact, "phone"), (contact, "mobile"), (company, "phone"))[part]
            yield number_of(place), kind, str(group + 1), field, now

    load(ContactNumber, ("number", "content_type_id", "object_id", "field", "known_since"), rows())


def _measure(numbers: int, pages: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from django_mango.models import Call
    from django_mango.services import clients_of

    chooser = random.Random(1)
    now = timezone.now()

    def page() -> list[Call]:
        places = [chooser.randrange(numbers) for _call in range(_PER_PAGE)]
        places[::10] = [numbers + place for place in places[::10]]
        return [
            Call(pk=key, client_number=number_of(place), started_at=now)
            for key, place in enumerate(places)
        ]

    times, found = [], 0
    for turn in range(pages + pages // 5):
        calls = page()
        began = time.perf_counter()
        clients = clients_of(calls)
        if turn >= pages // 5:  # the first ones warm up
            times.append(time.perf_counter() - began)
            found += sum(map(bool, clients.values()))
    with CaptureQueriesContext(connection) as queries:
        clients_of(page())
    return {
        # A disturbance only slows down: the slowest of the fastest twentieth.
        "ms": sorted(times)[len(times) // 20] * 1000,
        "queries": len(queries),
        "found": f"{found / pages:.1f}",
    }


if __name__ == "__main__":
    sys.exit(main())
