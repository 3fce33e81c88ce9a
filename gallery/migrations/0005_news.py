from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gallery', '0004_undone_decisions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='is_news',
            field=models.BooleanField(db_default=False, default=False, help_text='A moderator has decided, and its author has not read it yet.'),
        ),
        migrations.AddField(
            model_name='release',
            name='is_news',
            field=models.BooleanField(db_default=False, default=False, help_text='A moderator has decided, and its author has not read it yet.'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=models.Q(('is_news', True)), fields=['author'], name='post_news'),
        ),
        migrations.AddIndex(
            model_name='release',
            index=models.Index(condition=models.Q(('is_news', True)), fields=['author'], name='release_news'),
        ),
    ]
