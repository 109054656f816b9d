"""Finding the clients of a page of calls: 10,000 indexed numbers against 1,000,000.

Contacts and companies of the example CRM; a page is 100 calls of random numbers, every
tenth a stranger. The same process measures both sizes in one run, the index as it is
after the database has come to rest; on PostgreSQL in turns, the small tables standing in
a schema of their own, so that what else the machine does disturbs both alike.

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
#: How often the two sizes take turns, and the pages of a turn that are not counted.
_TURNS = 20
_WARM_UP = 5


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
        small, large = _measured(options)
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


def _measured(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of the small and of the large index."""
    from .loading import settle

    small, large = Pages(options.small), Pages(options.large)
    _fill(0, options.small)
    settle()
    if options.database != "postgresql":
        small.open(options.pages)
        before = small.figures()
        _fill(options.small, options.large)
        settle()
        large.open(options.pages)
        return before, large.figures()
    _set_aside()
    _fill(options.small, options.large)
    settle()
    for _turn in range(_TURNS):
        for pages, schemas in ((small, "small, public"), (large, "public")):
            _look_in(schemas)
            pages.open(max(1, options.pages // _TURNS))
    after = large.figures()
    _look_in("small, public")
    return small.figures(), after


def _set_aside() -> None:
    """Copy the small tables, indexes and all, into a schema of their own."""
    from django.db import connection

    from django_mango.models import ContactNumber
    from example_project.crm.models import Company, Contact

    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA small")
        for model in (ContactNumber, Contact, Company):
            name = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"CREATE TABLE small.{name} (LIKE public.{name} INCLUDING ALL)")
            cursor.execute(f"INSERT INTO small.{name} SELECT * FROM public.{name}")


def _look_in(schemas: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {schemas}")


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


class Pages:
    """Pages of calls over an index of so many numbers, and how long they took."""

    def __init__(self, numbers: int) -> None:
        self._numbers = numbers
        self._chooser = random.Random(1)
        self._times: list[float] = []
        self._found = 0

    def open(self, count: int) -> None:
        """Find the clients of ``count`` pages, after a few that warm up."""
        from django_mango.services import clients_of

        for turn in range(count + _WARM_UP):
            calls = self._page()
            began = time.perf_counter()
            clients = clients_of(calls)
            if turn >= _WARM_UP:
                self._times.append(time.perf_counter() - began)
                self._found += sum(map(bool, clients.values()))

    def figures(self) -> dict[str, Any]:
        """Milliseconds, queries and known clients of a page."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from django_mango.services import clients_of

        with CaptureQueriesContext(connection) as queries:
            clients_of(self._page())
        return {
            # A disturbance only slows down: the slowest of the fastest twentieth.
            "ms": sorted(self._times)[len(self._times) // 20] * 1000,
            "queries": len(queries),
            "found": f"{self._found / len(self._times):.1f}",
        }

    def _page(self) -> list[Any]:
        from django.utils import timezone

        from django_mango.models import Call

        places = [self._chooser.randrange(self._numbers) for _call in range(_PER_PAGE)]
        places[::10] = [self._numbers + place for place in places[::10]]
        return [
            Call(pk=key, client_number=number_of(place), started_at=timezone.now())
            for key, place in enumerate(places)
        ]


if __name__ == "__main__":
    sys.exit(main())
