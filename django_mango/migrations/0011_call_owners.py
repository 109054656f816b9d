import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('django_mango', '0010_fewer_indexes'),
    ]

    operations = [
        # The new one first: MariaDB needs some index for the foreign key all the while.
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['employee', '-started_at', '-id'], name='mango_call_owner'),
        ),
        migrations.RemoveIndex(
            model_name='call',
            name='mango_call_employee',
        ),
        migrations.AddIndex(
            model_name='callparty',
            index=models.Index(fields=['employee', 'call'], name='mango_party_calls'),
        ),
        migrations.AlterField(
            model_name='callparty',
            name='employee',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='call_parties', to='django_mango.employee', verbose_name='employee'),
        ),
    ]
