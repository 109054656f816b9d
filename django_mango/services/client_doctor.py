"""Whether calls find their clients: a part of what the doctor examines."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from .. import conf
from ..models import Call, ContactNumber
from .contacts import clients_of
from .findings import Finding, ok, problem, warning
from .phone_fields import phone_models

log = logging.getLogger("django_mango.services")

#: So many of the latest calls are looked at.
_LATEST = 500


def clients_findings() -> Iterator[Finding]:
    """Where numbers are kept, whether they are indexed, and how many callers are known."""
    if conf.clients_hook() is None:
        models = phone_models()
        if not models:
            yield warning(
                _("No model with telephone numbers is configured: calls belong to nobody."),
                _("Set MANGO['PHONE_FIELDS']: docs/numbers.md."),
            )
            return
        kinds = ContentType.objects.get_for_models(*models).values()
        if not ContactNumber.objects.filter(content_type__in=[one.pk for one in kinds]).exists():
            yield warning(
                _("The phone index is empty: calls do not find their clients."),
                _("Run mango_index_numbers."),
            )
            return
    calls = Call.objects.exclude(client_number="").exclude(direction=Call.Direction.INTERNAL)
    latest = list(calls.only("client_number", "started_at", "direction")[:_LATEST])
    try:
        known = sum(map(bool, clients_of(latest).values()))
    except Exception as error:  # the host's own storage may fail in every way
        log.exception("the clients of calls cannot be found")
        yield problem(
            _("The clients of calls cannot be found: %(error)s")
            % {"error": f"{type(error).__name__}: {error}"},
            _("See MANGO['CLIENTS_OF']."),
        )
        return
    if latest:
        yield ok(
            _("Of the last %(count)d calls with a number %(known)d belong to known clients.")
            % {"count": len(latest), "known": known}
        )
