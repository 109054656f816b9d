from collections.abc import Iterator

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from django_mango.models.indexes import PartialIndex


class _WherePartial(Operation):
    """Does nothing where a partial index is one of all rows, which it was before."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.features.supports_partial_indexes:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.features.supports_partial_indexes:
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class _RemoveIndex(_WherePartial, migrations.RemoveIndex):
    pass


class _AddIndex(_WherePartial, migrations.AddIndex):
    pass


def _narrowed(name: str, fields: list[str], rows: models.Q) -> Iterator[migrations.RemoveIndex | migrations.AddIndex]:
    yield _RemoveIndex('call', name)
    yield _AddIndex('call', PartialIndex(fields=fields, name=name, rows=rows))


class _WithoutIndex(migrations.AlterField):
    """Takes a foreign key its own index, and nothing else.

    Django would drop and add the constraint as well, for which MySQL copies the table, or make
    the table anew on SQLite.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = from_state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        named = {index.name for index in model._meta.indexes}
        for name in schema_editor._constraint_names(model, [column], index=True, exclude=named):
            schema_editor.execute(schema_editor._delete_index_sql(model, name))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == 'mysql':
            return  # does not let a foreign key be without: Django makes it before the named one goes
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        schema_editor.execute(schema_editor._create_index_sql(model, fields=[field]))


class Migration(migrations.Migration):

    dependencies = [
        ('django_mango', '0013_party_accounts'),
    ]

    operations = [
        *_narrowed('mango_call_talk', ['client_number', 'answered_at'], models.Q(answered_at__isnull=False)),
        *_narrowed('mango_call_settled', ['client_number', 'is_missed', 'missed_resolved_at'], models.Q(is_missed=True) | models.Q(missed_resolved_at__isnull=False)),
        *_narrowed('mango_call_state', ['state', '-started_at'], models.Q(state='ringing') | models.Q(state='talking') | models.Q(state='on_hold')),
        *_narrowed('mango_call_missed', ['is_missed', '-started_at'], models.Q(is_missed=True)),
        migrations.AddIndex(
            model_name='call',
            index=PartialIndex(fields=['command'], name='mango_call_command', rows=models.Q(command__isnull=False)),
        ),
        _WithoutIndex(
            model_name='call',
            name='command',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='django_mango.command', verbose_name='command that placed the call'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=PartialIndex(fields=['missed_resolved_by'], name='mango_call_settler', rows=models.Q(missed_resolved_by__isnull=False)),
        ),
        _WithoutIndex(
            model_name='call',
            name='missed_resolved_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='resolved_missed', to='django_mango.call', verbose_name='settled by the call'),
        ),
    ]
