import django.db.models.deletion
import generation.models.jobs
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0032_control_networks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="generatedimage",
            name="animation_file",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="WebP of a grid whose cells are a way.", max_length=200
            ),
        ),
        migrations.AddField(
            model_name="generatedimage",
            name="film_file",
            field=models.CharField(blank=True, db_default="", default="", help_text="The same as MP4.", max_length=200),
        ),
        migrations.CreateModel(
            name="OwnStyle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        default=generation.models.jobs.new_code, editable=False, max_length=16, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("prompt", models.TextField(blank=True)),
                ("negative_prompt", models.TextField(blank=True)),
                (
                    "family",
                    models.CharField(
                        blank=True,
                        choices=[("sd1", "SD 1.5"), ("sd2", "SD 2"), ("sdxl", "SDXL"), ("mini", "Mini")],
                        help_text="Empty: for every checkpoint.",
                        max_length=12,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        blank=True,
                        help_text="A picture of its owner that shows what it does.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="generation.generatedimage",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "name"), name="one_style_of_a_person_per_name")
                ],
            },
        ),
    ]
