"""Missed calls in words: settled or not, by whom, and after how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ..conf import CrmUser
from ..models import Call, CallWork
from ..ui import text


@dataclass(frozen=True, slots=True)
class Settling:
    """What settled one missed call: a talk, a person, or nothing yet.

    ``talk`` is the call in question, ``is_shown`` whether the user may see it.
    """

    call: Call
    work: CallWork | None = None
    talk: Call | None = None
    is_shown: bool = False

    @property
    def is_open(self) -> bool:
        return self.work is None and self.call.missed_resolved_at is None

    def by_talk(self) -> str:
        """``called back after 12 min``, counted from the end of the missed call; else empty."""
        at = self.call.missed_resolved_at
        if at is None:
            return ""
        since = self.call.ended_at or self.call.started_at or at
        after = {"span": text.span((at - since).total_seconds())}
        direction = self.talk.direction if self.talk else ""
        if direction == Call.Direction.OUTGOING:
            return gettext("called back after %(span)s") % after
        if direction == Call.Direction.INCOMING:
            return gettext("the client got through after %(span)s") % after
        return gettext("talked to after %(span)s") % after

    def by_hand(self) -> str:
        """``closed by hand: wrong number``, empty when nobody did."""
        if self.work is None:
            return ""
        if not self.work.closed_reason:
            return gettext("closed by hand")
        return gettext("closed by hand: %(reason)s") % {"reason": self.work.closed_reason}

    def unsettled(self, now: datetime | None = None) -> str:
        """``open for 3 h``, counted from the end of the missed call."""
        now = now or timezone.now()
        since = self.call.ended_at or self.call.started_at or now
        return gettext("open for %(span)s") % {"span": text.span((now - since).total_seconds())}


def settlings(calls: Sequence[Call], user: CrmUser) -> dict[int, Settling]:
    """How the missed ones of these calls are settled, by key; two queries at most.

    One where the calls were read together with what people wrote about them (``work``).
    """
    missed = [call for call in calls if call.is_missed]
    if not missed:
        return {}
    works = _closings(missed)
    keys = {key for call in missed if (key := call.missed_resolved_by_id) is not None}
    talks: dict[int | None, Call] = {}
    shown: set[int | None] = set()
    if keys:
        visible = Call.objects.visible_to(user).filter(pk=OuterRef("pk")).order_by()
        found: Any = Call.objects.filter(pk__in=keys).annotate(is_visible=Exists(visible))
        for talk in found.only("direction"):
            talks[talk.pk] = talk
            if talk.is_visible:
                shown.add(talk.pk)
    return {
        call.pk: Settling(
            call,
            works.get(call.pk),
            talks.get(call.missed_resolved_by_id),
            call.missed_resolved_by_id in shown,
        )
        for call in missed
    }


def _closings(calls: Sequence[Call]) -> dict[int, CallWork]:
    """What people wrote about these calls when they closed them, by the call's key."""
    relation = Call._meta.get_field("work")
    unread = [call.pk for call in calls if not relation.is_cached(call)]
    works = list(CallWork.objects.filter(call__in=unread)) if unread else []
    works += [call.work for call in calls if hasattr(call, "work") and call.pk not in unread]
    return {work.call_id: work for work in works if work.closed_at}


def below(settling: Settling, talk_url: str) -> SafeString:
    """The line below a missed call in a list: what a person said wins and stays."""
    words = settling.by_hand() or settling.by_talk()
    if not words:
        form = '<span class="mango-under mango-what--missed">{}</span>'
        return format_html(form, settling.unsettled())
    if talk_url and not settling.by_hand():
        form = '<span class="mango-under"><a href="{}">{}</a></span>'
        return format_html(form, talk_url, words)
    return format_html('<span class="mango-under mango-note">{}</span>', words)
