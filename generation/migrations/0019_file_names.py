"""Weight files keep what their files were called, so that prompts may say it; names may be of any script."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

KINDS = ("Checkpoint", "Lora", "Embedding", "Vae")
OF_PEOPLE = ("uploads", "merged", "trained")


def take_names_from_paths(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Files of people lie under their hashes: what those were called stands at most in their titles."""
    for kind in KINDS:
        rows = apps.get_model("generation", kind)
        for row in rows.objects.exclude(path="").iterator():
            own = row.path.split("/")[0] not in OF_PEOPLE
            row.file_name = row.path.removesuffix(".safetensors") if own else row.title
            row.save(update_fields=["file_name"])


class Migration(migrations.Migration):
    dependencies = [("generation", "0018_paid_parts")]

    operations = [
        *(
            migrations.AddField(
                model_name=kind.lower(),
                name="file_name",
                field=models.CharField(
                    blank=True,
                    help_text="What the file was called, with its folders; prompts may say that, too.",
                    max_length=500,
                    default="",
                ),
                preserve_default=False,
            )
            for kind in KINDS
        ),
        *(
            migrations.AlterField(
                model_name=kind.lower(),
                name="name",
                field=models.CharField(help_text="The word that prompts use.", max_length=100, unique=True),
            )
            for kind in KINDS
        ),
        migrations.AddField(
            model_name="lora",
            name="left_out",
            field=models.CharField(
                blank=True, help_text="What of its file is not used.", max_length=300, default=""
            ),
            preserve_default=False,
        ),
        migrations.RunPython(take_names_from_paths, migrations.RunPython.noop),
    ]
