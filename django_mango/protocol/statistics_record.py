"""One row of basic call statistics: its columns, its identity, its digest (§3.4.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

#: Every column the service knows (§3.4.1.1).
KNOWN_FIELDS = (
    "records",
    "start",
    "finish",
    "answer",
    "from_extension",
    "from_number",
    "to_extension",
    "to_number",
    "disconnect_reason",
    "line_number",
    "location",
    "entry_id",
    "create",
)
#: What we ask for: ``entry_id`` first, ``location`` last, so that a cut last line is seen.
OUR_FIELDS = (
    "entry_id",
    "records",
    "create",
    "start",
    "answer",
    "finish",
    "from_extension",
    "from_number",
    "to_extension",
    "to_number",
    "disconnect_reason",
    "line_number",
    "location",
)
#: Columns that hold Unix seconds.
TIMES = ("create", "start", "answer", "finish")
#: 2100-01-01: what is later is rubbish.
LATEST = 4102444800
_DIGEST_LENGTH = 64


@dataclass(slots=True, unsafe_hash=True)
class Record:
    """One row. Times are Unix seconds UTC, 0 for "never" or "not asked for".

    A value as any other, changed by nobody. It is not frozen, because making a frozen one
    takes longer than reading its line, and an import makes a million.
    """

    entry_id: str = ""
    start: int = 0
    finish: int = 0
    answer: int = 0
    from_extension: str = ""
    from_number: str = ""
    to_extension: str = ""
    to_number: str = ""
    disconnect_reason: str = ""
    line_number: str = ""
    location: str = ""
    create: int = 0
    records: tuple[str, ...] = ()
    line: int = 0
    _key: str = field(default="", init=False, repr=False, compare=False)

    @property
    def key(self) -> str:
        """Identity of the row: sortable start time and a hash of what never changes.

        Recordings, line, ``create`` and the end reason are not part of it: they
        appear or change in later reports of the same row. Computed once.
        """
        if self._key:
            return self._key
        start = self.start
        identity = (
            f"basic\x1f{self.entry_id}\x1f{start}"
            f"\x1f{self.from_extension}\x1f{self.from_number}"
            f"\x1f{self.to_extension}\x1f{self.to_number}"
            f"\x1f{self.location}\x1f{self.answer}\x1f{self.finish}"
        )
        self._key = f"{start:010d}-{sha256(identity.encode()).hexdigest()[:40]}"
        return self._key

    @property
    def digest(self) -> str:
        """What a later report of the same row may change, in at most 64 characters.

        Nearly always that is short enough to stand there as it is; else its hash does, which
        has none of the semicolons that separate the columns and that no value has.
        """
        text = f"{','.join(self.records)};{self.line_number};{self.create};{self.disconnect_reason}"
        return text if len(text) <= _DIGEST_LENGTH else sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that is no row: its number (from 1), why, and the start of its text.

    ``reason`` is a stable word: ``columns``, ``time``, ``text``, ``encoding``,
    ``too_long``, ``cut``.
    """

    line: int
    reason: str
    text: str
