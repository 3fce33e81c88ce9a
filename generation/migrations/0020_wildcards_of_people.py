"""Wildcard lists of people beside the site's, and names with folders in them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0019_file_names"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AlterField(
            model_name="wildcard",
            name="name",
            field=models.CharField(
                help_text="As in __animals/birds__, without the underscores around it.", max_length=100
            ),
        ),
        migrations.AlterField(
            model_name="wildcard",
            name="lines",
            field=models.TextField(
                help_text="One choice a line; 2::word is drawn twice as often, # begins a remark."
            ),
        ),
        migrations.AddField(
            model_name="wildcard",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="wildcard",
            constraint=models.UniqueConstraint(
                condition=models.Q(("owner", None)), fields=("name",), name="one_list_of_the_site_per_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="wildcard",
            constraint=models.UniqueConstraint(fields=("owner", "name"), name="one_list_of_a_person_per_name"),
        ),
    ]
