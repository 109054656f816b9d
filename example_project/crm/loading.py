"""Bring the team of ``team.py`` into the database; may be repeated, edits of people stay."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

from django_mango.models import Account, Employee, EmployeeAddress

from . import team
from .models import Company, Contact, Deal

_EVERYBODY = (
    "django_mango.view_call",
    "django_mango.place_call",
    "django_mango.hang_up",
    "django_mango.write_note",
    "django_mango.link_number",
    "crm.view_company",
    "crm.view_contact",
    "crm.add_contact",
    "crm.change_contact",
    "crm.view_deal",
    "crm.add_deal",
    "crm.change_deal",
)
PERMISSIONS = {
    team.MANAGERS: _EVERYBODY,
    team.SUPERVISORS: (
        *_EVERYBODY,
        "django_mango.view_team_calls",
        "django_mango.view_all_calls",
        "django_mango.place_call_for_others",
        "django_mango.hang_up_any",
        "django_mango.close_missed",
        "django_mango.view_recording",
        "django_mango.listen_recording",
        "django_mango.download_recording",
        "django_mango.view_notification",
        "django_mango.replay_notification",
        "django_mango.run_import",
        "django_mango.view_statsimport",
        "django_mango.view_command",
        "django_mango.view_employee",
        "django_mango.manage_settings",
        "django_mango.view_dashboard",
        "crm.add_company",
        "crm.change_company",
    ),
}


@transaction.atomic
def load_team(alias: str) -> None:
    """Create groups, users, the employees of the PBX account ``alias``, customers and deals."""
    if not User.objects.filter(username="admin").exists():
        User.objects.create_superuser("admin", password="admin")
    _load_groups()
    account, _ = Account.objects.get_or_create(alias=alias)
    for person in team.PEOPLE:
        _load_employee(account, person, _load_user(person) if person.username else None)
    users = {user.username: user for user in User.objects.all()}
    companies = {
        firm.name: Company.objects.get_or_create(
            name=firm.name, defaults={"city": firm.city, "phone": firm.phone}
        )[0]
        for firm in team.FIRMS
    }
    for customer in team.CUSTOMERS:
        Contact.objects.get_or_create(
            name=customer.name,
            company=companies.get(customer.firm),
            defaults={
                "position": customer.position,
                "phone": customer.phone,
                "mobile": customer.mobile,
                "responsible": users[customer.responsible],
            },
        )
    for sale in team.SALES:
        Deal.objects.get_or_create(
            title=sale.title,
            company=companies[sale.firm],
            defaults={
                "contact": Contact.objects.filter(name=sale.contact).first(),
                "amount": sale.amount,
                "stage": sale.stage,
                "responsible": users[sale.responsible],
            },
        )


def _load_groups() -> None:
    for name, wanted in PERMISSIONS.items():
        group, created = Group.objects.get_or_create(name=name)
        if created:
            group.permissions.set([_permission(label) for label in wanted])


def _permission(label: str) -> Permission:
    app, codename = label.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def _load_user(person: team.Person) -> User:
    user, created = User.objects.get_or_create(
        username=person.username,
        defaults={
            "first_name": person.first_name,
            "last_name": person.last_name,
            "is_staff": True,
        },
    )
    if created:
        user.set_password(person.username)
        user.save(update_fields=["password"])
        user.groups.set(Group.objects.filter(name__in=person.groups))
    return user


def _load_employee(account: Account, person: team.Person, user: User | None) -> None:
    employee, created = Employee.objects.get_or_create(
        account=account,
        pbx_user_id=person.pbx_user_id,
        defaults={"name": person.name, "user": user},
    )
    if not created:
        return
    kinds = EmployeeAddress.Kind
    for kind, value in (
        (kinds.EXTENSION, person.extension),
        (kinds.SIP, person.sip),
        (kinds.NUMBER, person.mobile),
    ):
        # No period: the history that is about to be imported is theirs as well.
        address = EmployeeAddress(employee=employee, kind=kind, value=value)
        address.full_clean(exclude=["account"])
        address.save()
