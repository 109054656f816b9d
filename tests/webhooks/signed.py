"""A correctly signed form in which every ingredient can be made wrong."""

from __future__ import annotations

import json

from django_mango.protocol.signing import Credentials, sign

FORM = "application/x-www-form-urlencoded"

EVENT: dict[str, object] = {
    "entry_id": "MjM3MjMyMjY0MDY=",
    "call_id": "MToxMDIwNjUzMjo1NzI6OTA3NDAwMDM6MQ==",
    "timestamp": 1748090923,
    "seq": 1,
    "call_state": "Appeared",
    "location": "abonent",
    "from": {"number": "79161234567"},
    "to": {
        "extension": "101",
        "number": "sip:anna@example.mangosip.ru",
        "line_number": "74951234567",
    },
}


def signed_fields(
    content: object = None,
    *,
    text: str | bytes | None = None,
    api_key: str | bytes = "test-key",
    api_salt: str = "test-salt",
    signed_with: str | None = None,
    signature: str | bytes | None = None,
    leave_out: tuple[str, ...] = (),
) -> dict[str, str | bytes]:
    """The three fields; ``signed_with`` is the key in the signature, by default the one sent."""
    if text is None:
        text = json.dumps(EVENT if content is None else content, ensure_ascii=False)
    if signature is None:
        key = signed_with if signed_with is not None else str(api_key)
        signature = sign(Credentials(key, api_salt), text)
    fields = {"vpbx_api_key": api_key, "sign": signature, "json": text}
    return {name: value for name, value in fields.items() if name not in leave_out}
