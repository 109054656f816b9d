"""What the confirmation page offers: each number, with a plan or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from ..models import Account, Employee
from ..protocol import numbers
from ..services.callers import telephones
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
    user: Any,
    model_admin: Any,
    obj: Model,
    account: Account | None,
    field: str = "",
    employee: Employee | None = None,
) -> list[Offer]:
    """All numbers of ``obj``, of one field if it is named; nothing is written or sent.

    ``employee`` is somebody else whose telephone is to ring.
    """
    phones = phones_of(model_admin, obj, field)
    return [_offer(user, phone, account, employee) for phone in phones]


def chosen_employee(request: HttpRequest, account: Account | None) -> Employee | None:
    """Whose telephone is to ring, where the user chose one and may; his own has no need of it."""
    chosen = request.POST.get("employee") or request.GET.get("employee") or ""
    if not chosen or not may_choose(request.user):
        return None
    return next((one for one, _ext in telephones(account) if str(one.pk) == chosen), None)


def may_choose(user: Any) -> bool:
    """Whether the user may let the telephones of others ring."""
    return bool(user.has_perm("django_mango.place_call_for_others"))


def _offer(user: Any, phone: Phone, account: Account | None, employee: Employee | None) -> Offer:
    try:
        plan = plan_call(user, phone.number.e164, account=account, employee=employee)
    except UserError as refusal:
        return Offer(phone, None, str(refusal))
    return Offer(phone, plan, "")
