"""Telling the database how large its tables have become."""

from __future__ import annotations

from django.db import connections, models, router


def note_growth(*tables: type[models.Model]) -> None:
    """Let PostgreSQL look at these tables now, outside of any transaction.

    It plans by what it last saw, and looks again by itself only every minute. A first import
    fills empty tables in less: planned for those, each batch would go through all
    calls there are. Others plan well without, or look at once.
    """
    for table in tables:
        connection = connections[router.db_for_write(table)]
        if connection.vendor == "postgresql" and not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(table._meta.db_table)}")
