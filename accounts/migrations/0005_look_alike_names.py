"""Every name gets its skeleton. Where two people look alike already, the newer one's is made different by a number."""

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import migrations, models

import accounts.names


def fill(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    taken = set()
    for user in User.objects.only("pk", "username").order_by("pk").iterator():
        shape = accounts.names.skeleton(user.username)
        if shape in taken:
            shape = f"{shape[:280]}@{user.pk}"
        taken.add(shape)
        User.objects.filter(pk=user.pk).update(skeleton=shape)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_user_manager'),
    ]

    operations = [
        migrations.AlterField(
            model_name='user',
            name='username',
            field=models.CharField(error_messages={'unique': 'This name is taken.'}, help_text='Letters of one alphabet, digits and . + - _', max_length=150, unique=True, validators=[UnicodeUsernameValidator(), accounts.names.check_name]),
        ),
        migrations.AddField(
            model_name='user',
            name='skeleton',
            field=models.CharField(default='', editable=False, max_length=300),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='user',
            name='skeleton',
            field=models.CharField(editable=False, help_text='The name as the eye sees it: no two look alike.', max_length=300, unique=True),
        ),
    ]
