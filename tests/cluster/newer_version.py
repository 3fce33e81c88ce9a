"""The next version of Tempera, made up: this tree with one more field of a job, and the migration that adds it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.architecture.sources import ROOT

COPIED, LINKED = ("config", "accounts", "gallery", "generation"), ("templates", "static", "manage.py")
FIELD = '\nJob.add_to_class("rolled_out", models.BooleanField(default=True, db_default=True))\n'
MIGRATION = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "{latest}")]
    operations = [migrations.AddField("job", "rolled_out", models.BooleanField(default=True, db_default=True))]
"""


def newer_version(folder: Path) -> Path:
    """Its tree. It adds and takes nothing away, as every migration must that runs while the former version serves."""
    tree = folder / "newer"
    for name in COPIED:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("bundled"))
    for name in LINKED:
        (tree / name).symlink_to(ROOT / name)
    (tree / "generation" / "bundled").symlink_to(ROOT / "generation" / "bundled")
    with (tree / "generation" / "models" / "jobs.py").open("a") as jobs:
        jobs.write(FIELD)
    migrations = tree / "generation" / "migrations"
    latest = max(path.stem for path in migrations.glob("[0-9]*.py"))
    (migrations / "9999_rolled_out.py").write_text(MIGRATION.format(latest=latest))
    return tree
