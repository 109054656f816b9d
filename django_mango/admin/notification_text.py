"""One notification in words, for the journal and for the page of its call."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Left
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ..models import Notification
from ..ui import notices

#: Characters of a text that lists read. A longer one is named by its kind there.
_HEAD = 8_000


def for_list(rows: QuerySet[Notification]) -> QuerySet[Any]:
    """The rows with as much of their texts as words need: a text may be very long."""
    return rows.defer("json").annotate(head=Left("json", _HEAD))


def what(one: Notification) -> str:
    """What it says, of the whole text or of what ``for_list`` read."""
    head: str | None = getattr(one, "head", None)
    return notices.what(one.kind, one.json if head is None else head)


def what_and_kind(one: Notification) -> SafeString:
    """The words, and below them the kind where they do not name it."""
    words = what(one)
    if words == one.kind:
        return format_html('<span class="mango-words">{}</span>', words)
    form = '<span class="mango-words">{}</span><span class="mango-under mango-note">{}</span>'
    return format_html(form, words, one.kind)


def verdict(one: Notification) -> SafeString:
    """What processing made of it."""
    if one.error:
        level, words = "error", gettext("error")
    elif one.processed_at is None:
        level, words = "waiting", gettext("waiting")
    else:
        level, words = "ok", gettext("processed")
    return format_html('<span class="mango-status mango-status--{}">{}</span>', level, words)
