"""An index of some rows."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class PartialIndex(models.Index):
    """An index of the rows that ``rows`` chooses; of all where the database knows no such index.

    A row left out costs an insert nothing. Django's own ``condition`` is left out the same way
    by MySQL and MariaDB, but with a warning at each start, which nobody who runs them can heed:
    the columns are chosen so that they serve with and without it.
    """

    def __init__(self, *, rows: models.Q, **options: Any) -> None:
        super().__init__(**options)
        self.rows = rows

    def deconstruct(self) -> Any:
        path, arguments, options = super().deconstruct()
        return path, arguments, {**options, "rows": self.rows}

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, *given: Any,
        **more: Any,
    ) -> Any:  # fmt: skip
        if not schema_editor.connection.features.supports_partial_indexes:
            return super().create_sql(model, schema_editor, *given, **more)
        partial = models.Index(fields=self.fields, name=self.name, condition=self.rows)
        return partial.create_sql(model, schema_editor, *given, **more)
