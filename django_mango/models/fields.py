"""A column for the service's opaque ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _TextColumn = models.CharField[str, str]
else:
    _TextColumn = models.CharField

#: Longest id, number or SIP address the service documents (§3.1-3.4, Q62, Q73).
ID_LENGTH = 128


class PbxIdField(_TextColumn):
    """Text compared byte by byte on every database.

    Ids are base64, so case matters (Q73). PostgreSQL and SQLite compare bytes by
    themselves; MySQL and MariaDB need a binary collation.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters: dict[str, Any] = super().db_parameters(connection)
        if connection.vendor == "mysql":
            parameters["collation"] = "utf8mb4_bin"
        return parameters
