import django.db.models.deletion
from django.db import migrations, models


class _WithoutConstraint(migrations.AlterField):
    """Takes a foreign key its constraint, or gives it back.

    SQLite keeps it: to take it would be to make the table anew, and it costs hardly anything.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != 'sqlite':
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != 'sqlite':
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    dependencies = [
        ('django_mango', '0014_partial_indexes'),
    ]

    operations = [
        _WithoutConstraint(
            model_name='call',
            name='account',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='calls', to='django_mango.account', verbose_name='PBX account'),
        ),
        _WithoutConstraint(
            model_name='callparty',
            name='call',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parties', to='django_mango.call', verbose_name='call'),
        ),
        _WithoutConstraint(
            model_name='callparty',
            name='employee',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='call_parties', to='django_mango.employee', verbose_name='employee'),
        ),
        _WithoutConstraint(
            model_name='recording',
            name='account',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='recordings', to='django_mango.account', verbose_name='PBX account'),
        ),
    ]
