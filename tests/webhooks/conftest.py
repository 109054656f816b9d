"""Signed notifications, ready to post."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.webhooks.signed import FORM, signed_fields


@pytest.fixture
def sign_form() -> Callable[..., bytes]:
    """Builds the URL-encoded body; the arguments are those of ``signed_fields``."""

    def build(content: object = None, **ingredients: Any) -> bytes:
        return urlencode(signed_fields(content, **ingredients)).encode("ascii")

    return build


@pytest.fixture
def deliver(client: Any, sign_form: Callable[..., bytes]) -> Callable[..., Any]:
    """Posts a signed notification to the endpoint and returns the answer."""

    def post(path: str = "default/events/call", content: object = None, **ingredients: Any) -> Any:
        body = ingredients.pop("body", None)
        headers = ingredients.pop("headers", None)
        if body is None:
            body = sign_form(content, **ingredients)
        return client.post(f"/mango/{path}", body, content_type=FORM, headers=headers)

    return post
