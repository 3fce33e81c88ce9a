"""Names of models and of people as other programs say them; the models that clients name begin as the default one."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

NAMES = ("dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5")


def name_models(apps: Any, schema_editor: Any) -> None:
    alias = apps.get_model("generation", "ModelAlias")
    alias.objects.bulk_create([alias(name=name) for name in NAMES], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0029_webhooks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelAlias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        help_text="As clients send it, such as gpt-image-1.", max_length=100, unique=True
                    ),
                ),
                (
                    "checkpoint",
                    models.ForeignKey(
                        blank=True,
                        help_text="What draws then. Empty: the default checkpoint.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="generation.checkpoint",
                    ),
                ),
            ],
            options={
                "verbose_name": "name of a model",
                "verbose_name_plural": "names of models",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="NamedPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(help_text="The program's own name for the person.", max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "speaker",
                    models.ForeignKey(
                        help_text="Whose tokens speak for people under this name.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "person named by a program",
                "verbose_name_plural": "people named by programs",
                "constraints": [
                    models.UniqueConstraint(fields=("speaker", "subject"), name="one_person_for_a_name")
                ],
            },
        ),
        migrations.RunPython(name_models, migrations.RunPython.noop),
    ]
