"""The lists and rules that a site begins with; what is there by the same name stays."""

from typing import Any

from django.db import migrations

from generation.catalog.safeguards.versions import install_shipped

MODELS = ("PhraseList", "PromptRule", "RulePart", "RuleVersion")


def install(apps: Any, schema_editor: Any) -> None:
    install_shipped(*(apps.get_model("generation", name) for name in MODELS))


class Migration(migrations.Migration):
    dependencies = [("generation", "0022_safeguards")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
