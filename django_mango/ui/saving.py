"""Links that make a client of a number nobody has yet: "save as a contact…"."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import CharField, Model, TextField
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from ..services.phone_fields import paths_of, phone_models
from .sites import Place


@dataclass(frozen=True, slots=True)
class Saving:
    """One form of the host that can take the number."""

    title: str
    url: str


def savings_of(number: str, place: Place) -> list[Saving]:
    """The forms of the host this user may add to, each with the number (E.164) filled in."""
    found = []
    for model in phone_models():
        field, page = _field(model), place.add_page(model)
        if field and page:
            title = _("Save as: %(what)s") % {"what": model._meta.verbose_name}
            found.append(Saving(title, f"{page}?{urlencode({field: number})}"))
    return found


def _field(model: type[Model]) -> str:
    """The first phone field of the model that a form of its own can hold."""
    for path in paths_of(model):
        is_text = isinstance(path.field, (CharField, TextField))
        if len(path.steps) == 1 and is_text and path.field is not None and path.field.editable:
            return path.name
    return ""
