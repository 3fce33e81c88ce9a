"""A moderator may take a decision back for a moment, which is a decision too."""

from django.db import migrations, models

VERBS = [
    ("publish", "Sent in"),
    ("withdraw", "Withdrawn"),
    ("approve", "Approved"),
    ("reject", "Rejected"),
    ("take_down", "Taken down"),
    ("keep", "Kept"),
    ("undo", "Undone"),
]


class Migration(migrations.Migration):
    dependencies = [("gallery", "0003_releases")]

    operations = [
        migrations.AlterField(
            model_name=name, name="verb", field=models.CharField(choices=VERBS, max_length=10)
        )
        for name in ("decision", "releasedecision")
    ]
