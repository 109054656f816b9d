"""Writing many rows at once: keyed upserts that touch nothing unchanged.

``upsert`` takes model instances, ``block_of`` plain tuples, which is what a batch of
thousands should use: making an instance costs more than writing it. Behind both stands
one ``Writer`` for each kind of database; ``prepare`` and ``write_report`` store rows of
statistics, of the kinds ``BASIC`` and ``EXTENDED``.
"""

from .extended import EXTENDED, extended_of
from .planning import note_growth
from .records import BASIC, record_of
from .reports import Counters, Report, RowKind, Target, prepare, write_report
from .upserts import Block, block_of, upsert

__all__ = [
    "BASIC",
    "EXTENDED",
    "Block",
    "Counters",
    "Report",
    "RowKind",
    "Target",
    "block_of",
    "extended_of",
    "note_growth",
    "prepare",
    "record_of",
    "upsert",
    "write_report",
]
