"""Two more sizes of small pictures; those that are there keep their one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0023_account_exports")]

    operations = [
        migrations.AddField(
            model_name="generatedimage", name=name, field=models.CharField(blank=True, db_default="", default="", max_length=200)
        )
        for name in ("thumbnail_320", "thumbnail_1280")
    ]
