"""The tables a developer makes first: one for whatever comes, one row for each row."""

from __future__ import annotations

from django.db import models


class BareRow(models.Model):
    """A notification as text, nothing more."""

    text = models.TextField()
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text[:40]


class FlatRow(models.Model):
    """A row of statistics, column by column, known again by who called whom and when."""

    entry_id = models.CharField(max_length=128)
    start = models.DateTimeField()
    from_number = models.CharField(max_length=128, blank=True)
    to_number = models.CharField(max_length=128, blank=True)
    location = models.CharField(max_length=32)
    finish = models.DateTimeField(null=True)
    answer = models.DateTimeField(null=True)
    create = models.DateTimeField(null=True)
    from_extension = models.CharField(max_length=32, blank=True)
    to_extension = models.CharField(max_length=32, blank=True)
    line_number = models.CharField(max_length=128, blank=True)
    disconnect_reason = models.CharField(max_length=32, blank=True)
    records = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry_id", "start", "from_number", "to_number", "location"],
                name="bare_flat_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.start} {self.from_number}"
