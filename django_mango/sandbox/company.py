"""Answers about the company: staff, groups, lines, balance (§3.7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from . import staff
from .answers import Answer, RefusalError, as_json, result
from .clock import Clock
from .fields import WRONG_FORM, Json, text

#: Moscow has had no summer time since 2014; a fixed offset needs no time zone data.
MOSCOW = timezone(timedelta(hours=3), "MSK")


def users(data: Json) -> Answer:
    """``config/users/request``: no ``result`` key on success, one employee or all (§3.7.1, Q83)."""
    extension = text(data, "extension")
    wanted = _ext_fields(data)
    people = [one for one in staff.EMPLOYEES if extension in ("", one.extension)]
    return as_json({"users": [_user(person, wanted) for person in people]})


def groups(data: Json) -> Answer:
    """``groups``: filtered by id or member, with members on request (§3.7.2)."""
    group_id, operator = text(data, "group_id"), text(data, "operator_id")
    extension, show = text(data, "operator_extension"), text(data, "show_users")
    found = []
    for group in staff.GROUPS:
        members = [one for one in staff.EMPLOYEES if one.extension in group.members]
        if group_id not in ("", str(group.group_id)):
            continue
        if operator and operator not in {str(one.user_id) for one in members}:
            continue
        if extension and extension not in group.members:
            continue
        found.append(_group(group, members if show == "1" else None))
    return result(1000, groups=found)


def lines(_data: Json) -> Answer:
    """``incominglines``: numbers of the PBX; a SIP line is named in commands (§3.7.7, Q87)."""
    return result(
        1000,
        lines=[
            {
                "line_id": line.line_id,
                "number": line.number,
                "name": line.name,
                "comment": line.comment or None,
                "region": line.region,
                "schema_id": 10000008,
                "schema_name": "По умолчанию",
            }
            for line in staff.LINES
        ],
    )


def balance(clock: Clock) -> Answer:
    """``account/balance``: a float and a naive local time (§3.7.6, Q92)."""
    moment = datetime.fromtimestamp(clock.now(), UTC).astimezone(MOSCOW)
    return result(
        1000, balance=963592.45, currency="RUB", response_at=moment.strftime("%Y-%m-%d %H:%M:%S")
    )


def _ext_fields(data: Json) -> frozenset[str]:
    names = data.get("ext_fields") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RefusalError(WRONG_FORM, "ext_fields must be an array of strings")
    return frozenset(names)


def _user(person: staff.Employee, wanted: frozenset[str]) -> dict[str, object]:
    general: dict[str, object] = {
        "name": person.name,
        "email": person.email,
        "department": person.department,
        "position": person.position,
    }
    more_general: dict[str, object] = {
        "user_id": person.user_id,
        "sips": [{"number": person.sip.removeprefix("sip:")}],
        "access_role_id": 10451,
        "mobile": person.mobile,
        "login": f"300022532/{person.login}",
        "use_status": 1,
        "use_cc_numbers": 0,
    }
    general |= {k: v for k, v in more_general.items() if f"general.{k}" in wanted}
    telephony: dict[str, object] = {
        "extension": person.extension,
        "outgoingline": staff.MAIN_LINE.number,
        "numbers": _numbers(person, schedule="telephony.numbers.schedule" in wanted),
    }
    more_telephony: dict[str, object] = {
        "dial_alg": 1,
        "line_id": staff.MAIN_LINE.line_id,
        "trunk_number_id": None,
    }
    telephony |= {k: v for k, v in more_telephony.items() if f"telephony.{k}" in wanted}
    user: dict[str, object] = {"general": general, "telephony": telephony}
    if "groups" in wanted:
        user["groups"] = [one.group_id for one in staff.GROUPS if person.extension in one.members]
    return user


def _numbers(person: staff.Employee, *, schedule: bool) -> list[dict[str, object]]:
    more: dict[str, object] = {"schedule": []} if schedule else {}
    common: dict[str, object] = {"wait_sec": 120, "status": "on", **more}
    return [
        {"number": person.sip, "protocol": "sip", "order": 0, **common},
        {
            "number": person.mobile,
            "number_normalized": person.mobile,
            "protocol": "tel",
            "order": 1,
            **common,
        },
    ]


def _group(group: staff.Group, members: list[staff.Employee] | None) -> dict[str, object]:
    answer: dict[str, object] = {
        "id": group.group_id,
        "name": group.name,
        "description": "",
        "extension": group.extension,
        "dial_alg_group": 2,
        "dial_alg_users": 1,
        "auto_redirect": 0,
        "auto_dial": 0,
        "line_id": staff.MAIN_LINE.line_id,
        "use_dynamic_ivr": 0,
        "use_dynamic_seq_num": 0,
        "melody_id": None,
    }
    if members is not None:
        answer["operators"] = [
            {
                "id": one.user_id,
                "name": one.name,
                "extension": one.extension,
                "priority": 1,
                "order": order,
            }
            for order, one in enumerate(members)
        ]
    return answer
