"""Merges and tracings are leased like jobs and trainings. What is being merged counts as left behind: it begins anew."""

from django.db import migrations, models
from django.db.models.functions import Now


def expire(apps, schema_editor):
    apps.get_model("generation", "LoraMerge").objects.filter(state="running").update(lease_until=Now())


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0014_clearer_field_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='loramerge',
            name='lease_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='loramerge',
            name='announced_at',
            field=models.DateTimeField(blank=True, help_text='When a wake-up was last sent for it.', null=True),
        ),
        migrations.AddField(
            model_name='generatedimage',
            name='svg_lease_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='generatedimage',
                    name='svg_asked_at',
                    field=models.DateTimeField(blank=True, db_column='svg_asked_at', help_text='When a wake-up was last sent for its tracing.', null=True),
                ),
                migrations.RenameField(
                    model_name='generatedimage',
                    old_name='svg_asked_at',
                    new_name='svg_announced_at',
                ),
                migrations.AlterField(
                    model_name='generatedimage',
                    name='svg_tries',
                    field=models.PositiveSmallIntegerField(db_column='svg_tries', default=0, help_text='How often its tracing was begun since it was asked.'),
                ),
                migrations.RenameField(
                    model_name='generatedimage',
                    old_name='svg_tries',
                    new_name='svg_attempt',
                ),
                migrations.AlterField(
                    model_name='trainingrun',
                    name='requested_action',
                    field=models.CharField(blank=True, choices=[('', 'Go on'), ('pause', 'Pause'), ('stop', 'Stop and keep')], db_column='wish', default='', max_length=7),
                ),
            ],
        ),
        migrations.RunPython(expire, migrations.RunPython.noop),
    ]
