"""What batches of statistics leave behind: missed calls to settle, recordings to keep."""

from __future__ import annotations

from ...models import Account, Recording
from ..bulk import Counters, note_growth
from ..following import News
from ..recordings import are_known, note_reported
from ..unfolding import Unfolded
from .batches import Batch
from .loading import Good

#: Rows whose batches are followed up together. The clients of one batch call in the next one
#: as well: after each batch their missed calls would be looked through again.
_TOGETHER = 20_000
#: The database is told once of so many recordings.
_MANY_RECORDINGS = 1000


class Wake:
    """Follows up batches when their transactions are committed, some of them together.

    All of it is computed from what is stored. What a crash leaves undone is done by the
    sweep at the end of the next import, and by that import where it meets the same rows.
    """

    def __init__(self, account: Account, news: News) -> None:
        self._account = account
        self._news = news
        self._unfolded = Unfolded()
        self._with_recordings: list[Good] = []
        self._is_news = False
        self._rows = 0
        self._is_planned = False

    def take(self, batch: Batch, counters: Counters, unfolded: Unfolded) -> None:
        """Remember a batch, follow up when there are enough."""
        self._unfolded.take(unfolded)
        self._with_recordings += batch.recorded
        self._is_news = self._is_news or bool(counters.new or counters.changed)
        self._rows += batch.good
        if self._rows >= _TOGETHER:
            self.follow()

    def follow(self) -> None:
        """Settle missed calls, join and keep recordings of the batches taken until now."""
        if not self._rows:
            return
        unfolded, rows, is_news = self._unfolded, self._with_recordings, self._is_news
        self._unfolded, self._with_recordings = Unfolded(), []
        self._is_news, self._rows = False, 0
        self._news.take_unfolded(unfolded)
        ids = {one for row in rows for one in row.records}
        if ids and (is_news or not are_known(self._account, ids)):
            note_reported(self._account, rows, unfolded.new_calls)
            if len(ids) >= _MANY_RECORDINGS and not self._is_planned:
                self._is_planned = True
                note_growth(Recording)
