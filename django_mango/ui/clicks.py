"""What a call control stands for, sealed: the page that showed it vouches for it.

The endpoint of calls is no part of any admin site and cannot ask the host who may see
which object. So whoever renders a control, and has shown the object to its user, seals
what is to be called; nobody else can make such a seal, and no other user can use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.signing import BadSignature, TimestampSigner
from django.db.models import Model

#: A page left open longer than this has to be reloaded.
_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Click:
    """One control: the number it calls and the object of the host the call is about.

    ``label`` is ``app_label.model_name`` and ``pk`` the key as text, both empty without an
    object; ``in_admin`` says that the call belongs into the history the admin keeps.
    """

    number: str
    label: str = ""
    pk: str = ""
    in_admin: bool = False

    @classmethod
    def on(cls, number: str, target: Model | None, *, in_admin: bool = False) -> Click:
        """A click on ``number`` (E.164) of ``target``."""
        if target is None or target.pk is None:
            return cls(number)
        return cls(number, target._meta.label_lower, str(target.pk), in_admin)

    def seal(self, user: Any) -> str:
        """The click as text for a page of ``user``."""
        values = [self.number, self.label, self.pk, int(self.in_admin)]
        return _signer(user).sign_object(values)

    @classmethod
    def unseal(cls, sealed: str, user: Any) -> Click | None:
        """The click ``user`` was shown; ``None`` for a forged, foreign or very old seal."""
        try:
            values = _signer(user).unsign_object(sealed, max_age=_LIFETIME)
        except (BadSignature, ValueError):
            return None
        number, label, pk, in_admin = values
        return cls(number, label, pk, bool(in_admin))


def _signer(user: Any) -> TimestampSigner:
    return TimestampSigner(salt=f"django_mango.click:{user.pk}")
