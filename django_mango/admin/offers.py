"""What the confirmation page offers: each number, with a plan or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from ..models import Account
from ..protocol import numbers
from ..services.calling import CallPlan, plan_call
from ..services.errors import UserError
from ..services.phone_fields import Phone
from .phone_fields import phones_of


@dataclass(frozen=True, slots=True)
class Offer:
    """One number: ``plan`` says how it would be called, else ``refusal`` says why not."""

    phone: Phone
    plan: CallPlan | None
    refusal: str

    @property
    def number_text(self) -> str:
        """The number as it will be dialled, for people."""
        return numbers.for_people(self.phone.number.e164)


def offers_of(
    user: Any, model_admin: Any, obj: Model, account: Account | None, field: str = ""
) -> list[Offer]:
    """All numbers of ``obj``, of one field if it is named; nothing is written or sent."""
    return [_offer(user, phone, account) for phone in phones_of(model_admin, obj, field)]


def _offer(user: Any, phone: Phone, account: Account | None) -> Offer:
    try:
        plan = plan_call(user, phone.number.e164, account=account)
    except UserError as refusal:
        return Offer(phone, None, str(refusal))
    return Offer(phone, plan, "")
