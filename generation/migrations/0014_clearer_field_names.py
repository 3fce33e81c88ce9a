"""Fields are named for what they count; their columns keep their names, so the database has nothing to do."""


from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0013_tracing_tries'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(settings.KNOX_TOKEN_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(
                    model_name='job',
                    name='job_fair_order',
                ),
                migrations.AlterField(
                    model_name='job',
                    name='overtaken',
                    field=models.PositiveSmallIntegerField(db_column='overtaken', default=0, help_text='Jobs that were drawn before it since their checkpoint was loaded.'),
                ),
                migrations.RenameField(
                    model_name='job',
                    old_name='overtaken',
                    new_name='bypass_count',
                ),
                migrations.AlterField(
                    model_name='job',
                    name='deaths',
                    field=models.PositiveSmallIntegerField(db_column='deaths', default=0, help_text='Workers that died with this job in hand.'),
                ),
                migrations.RenameField(
                    model_name='job',
                    old_name='deaths',
                    new_name='crash_count',
                ),
                migrations.AlterField(
                    model_name='job',
                    name='lone_deaths',
                    field=models.PositiveSmallIntegerField(db_column='lone_deaths', default=0, help_text='Workers that died with this job alone.'),
                ),
                migrations.RenameField(
                    model_name='job',
                    old_name='lone_deaths',
                    new_name='solo_crash_count',
                ),
                migrations.AlterField(
                    model_name='trainingrun',
                    name='wish',
                    field=models.CharField(blank=True, choices=[('', 'Go on'), ('pause', 'Pause'), ('stop', 'Stop and keep'), ('discard', 'Stop and discard')], db_column='wish', default='', max_length=7),
                ),
                migrations.RenameField(
                    model_name='trainingrun',
                    old_name='wish',
                    new_name='requested_action',
                ),
                migrations.AlterField(
                    model_name='trainingrun',
                    name='lone_deaths',
                    field=models.PositiveSmallIntegerField(db_column='lone_deaths', default=0, help_text='Workers that died with it since it got on.'),
                ),
                migrations.RenameField(
                    model_name='trainingrun',
                    old_name='lone_deaths',
                    new_name='solo_crash_count',
                ),
                migrations.AlterField(
                    model_name='generatedimage',
                    name='svg_asked_at',
                    field=models.DateTimeField(blank=True, help_text='When a wake-up was last sent for its tracing.', null=True),
                ),
                migrations.AlterField(
                    model_name='job',
                    name='announced_at',
                    field=models.DateTimeField(blank=True, help_text='When a wake-up was last sent for it.', null=True),
                ),
                migrations.AddIndex(
                    model_name='job',
                    index=models.Index(condition=models.Q(('state', 'queued')), fields=['virtual_start', 'id', 'owner', 'checkpoint_sha256', 'crash_count', 'bypass_count'], name='job_fair_order'),
                ),
            ],
        ),
    ]
