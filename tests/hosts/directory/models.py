"""Clients of a CRM that knows nothing of telephony; their keys are UUIDs."""

from __future__ import annotations

import uuid

from django.db import models


class Client(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=100, blank=True)
    mobile = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return self.name
