"""LoRAs know when an administrator let them back, so that what failed before is not counted again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0020_wildcards_of_people")]

    operations = [
        migrations.AddField(
            model_name="lora",
            name="let_back_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When an administrator last let it back; what failed before counts no more.",
                null=True,
            ),
        ),
    ]
