import django.core.validators
from django.db import migrations, models


def make_row(apps, schema_editor):
    apps.get_model("accounts", "Prices").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_outgoing_mail")]

    operations = [
        migrations.CreateModel(
            name="Prices",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "steps_per_credit",
                    models.FloatField(
                        default=10.0,
                        help_text="Steps of a picture of 512×512 that one credit buys. With 10, a picture of 20 steps "
                        "costs 2 credits, one of 1024×1024 four times as much.",
                        validators=[django.core.validators.MinValueValidator(0.01)],
                    ),
                ),
                (
                    "training_discount",
                    models.FloatField(
                        default=4.0,
                        help_text="How many times less the same work costs in a training, which waits whenever "
                        "somebody draws. With 1 it costs as much as drawing.",
                        validators=[django.core.validators.MinValueValidator(0.01)],
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "prices",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("steps_per_credit__gt", 0), ("training_discount__gt", 0)),
                        name="prices_positive",
                    )
                ],
            },
        ),
        migrations.AlterField(
            model_name="plan",
            name="name",
            field=models.CharField(help_text="How people see it called.", max_length=40, unique=True),
        ),
        migrations.AlterField(
            model_name="plan",
            name="max_steps",
            field=models.PositiveIntegerField(default=50, help_text="Steps of one picture."),
        ),
        migrations.AlterField(
            model_name="plan",
            name="max_lora_uploads",
            field=models.PositiveIntegerField(default=10, help_text="LoRA files of their own that they may keep."),
        ),
        migrations.RunPython(make_row, migrations.RunPython.noop, elidable=True),
    ]
