"""Writing many rows at once: keyed upserts that touch nothing unchanged.

``upsert`` takes model instances, ``upsert_values`` plain tuples, which is what a batch
of thousands should use: making an instance costs more than writing it. Behind both stands
one ``Writer`` for each kind of database; ``write_records`` stores rows of statistics.
"""

from .records import Counters, record_of, write_records
from .upserts import upsert, upsert_values

__all__ = ["Counters", "record_of", "upsert", "upsert_values", "write_records"]
