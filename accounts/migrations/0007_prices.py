import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_outgoing_mail")]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="steps_per_credit",
            field=models.FloatField(
                default=10.0,
                help_text="Steps of a picture of 512×512 that one credit buys. With 10, a picture of 20 steps costs 2 "
                "credits, one of 1024×1024 four times as much. What was held before a change keeps its price.",
                validators=[django.core.validators.MinValueValidator(0.01)],
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="training_discount",
            field=models.FloatField(
                default=4.0,
                help_text="How many times less the same work costs in a training, which waits whenever somebody "
                "draws. With 1 it costs as much as drawing.",
                validators=[django.core.validators.MinValueValidator(0.01)],
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("steps_per_credit__gt", 0), ("training_discount__gt", 0)),
                name="plan_prices_positive",
            ),
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
    ]
