"""Writing many rows at once: keyed upserts that touch nothing unchanged.

``upsert`` takes model instances, ``upsert_values`` plain tuples, which is what a batch
of thousands should use: making an instance costs more than writing it. Behind both stands
one ``Writer`` for each kind of database; ``write_records`` and ``write_extended``
store rows of statistics.
"""

from .extended import extended_of, write_extended
from .planning import note_growth
from .records import Counters, record_of, write_records
from .upserts import upsert, upsert_values

__all__ = [
    "Counters",
    "extended_of",
    "note_growth",
    "record_of",
    "upsert",
    "upsert_values",
    "write_extended",
    "write_records",
]
