"""One flat table for whatever comes."""

from __future__ import annotations

from django.db import models


class BareRow(models.Model):
    """A notification as text, nothing more."""

    text = models.TextField()
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text[:40]
