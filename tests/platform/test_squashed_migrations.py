"""A new database, made by the squashed migrations, is the one that all migrations make one after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.postgres import postgres

# Columns are compared without their order, which is that of the models for one and of their history for the other.
ON_POSTGRESQL = {
    "columns": """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public'""",
    # Those of constraints are compared below, without their names, which depend on when they came.
    "indexes": """SELECT indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)""",
    "constraints": """SELECT conrelid::regclass::text, contype::text, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "triggers": "SELECT tgname::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
}
ON_SQLITE = {
    "columns": """SELECT tables.name, columns.name, columns.type, columns."notnull", columns.dflt_value
        FROM sqlite_master AS tables, pragma_table_xinfo(tables.name) AS columns WHERE tables.type = 'table'""",
    "indexes": """SELECT tables.name, indexes."unique", indexes.origin, indexes.partial,
            group_concat(columns.name), master.sql
        FROM sqlite_master AS tables, pragma_index_list(tables.name) AS indexes,
            pragma_index_xinfo(indexes.name) AS columns
        LEFT JOIN sqlite_master AS master ON master.name = indexes.name
        WHERE tables.type = 'table' GROUP BY tables.name, indexes.name""",
    "references": """SELECT tables.name, keys."table", keys."from", keys."to"
        FROM sqlite_master AS tables, pragma_foreign_key_list(tables.name) AS keys WHERE tables.type = 'table'""",
    "checks": """SELECT name, length(sql) - length(replace(sql, ' CHECK ', ''))
        FROM sqlite_master WHERE type = 'table'""",
    "triggers": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
}
ROWS = {
    "reasons": "SELECT subject, sentence, ground, place FROM gallery_managedreason",
    "rules": "SELECT name FROM generation_promptrule",
    "phrases": "SELECT name FROM generation_phraselist",
    "names of models": "SELECT name FROM generation_modelalias",
}
MAKE = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
if sys.argv[1] == "each":
    load_all = MigrationLoader.load_disk
    def load_unsquashed(self):
        load_all(self)
        self.disk_migrations = {key: each for key, each in self.disk_migrations.items() if not each.replaces}
    MigrationLoader.load_disk = load_unsquashed
call_command("migrate", interactive=False, verbosity=0)
found = {}
with connection.cursor() as cursor:
    for what, query in json.load(sys.stdin).items():
        cursor.execute(query)
        found[what] = sorted(" ".join(map(str, row)) for row in cursor.fetchall())
    cursor.execute("SELECT name FROM django_migrations")
    found["squashed"] = [name for (name,) in cursor.fetchall() if "squashed" in name]
print(json.dumps(found))
"""


def made(how: str, folder: Path, database: str, queries: dict[str, str]) -> dict[str, list[str]]:
    """What stands in a database that `migrate` has made, sorted."""
    folder.mkdir()
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": str(folder), "DATABASE_URL": database}
    done = subprocess.run(
        [sys.executable, "-c", MAKE, how],
        cwd=ROOT,
        env={**os.environ, **settings},
        input=json.dumps(queries | ROWS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def differences(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, set[str]]:
    return {what: set(one[what]) ^ set(other[what]) for what in one if one[what] != other[what]}


@pytest.mark.slow
def test_on_sqlite(tmp_path: Path) -> None:
    each, at_once = (made(how, tmp_path / how, "", ON_SQLITE) for how in ("each", "squashed"))
    assert not each.pop("squashed") and len(at_once.pop("squashed")) == 3
    assert len(each["columns"]) > 700 and len(each["triggers"]) == 2 and len(each["names of models"]) == 5
    assert differences(each, at_once) == {}


@pytest.mark.slow
def test_on_postgresql(tmp_path: Path) -> None:
    with postgres() as one, postgres() as other:
        each = made("each", tmp_path / "each", one, ON_POSTGRESQL)
        at_once = made("squashed", tmp_path / "squashed", other, ON_POSTGRESQL)
    assert not each.pop("squashed") and len(at_once.pop("squashed")) == 3
    assert len(each["columns"]) > 700 and len(each["triggers"]) >= 2 and len(each["names of models"]) == 5
    assert differences(each, at_once) == {}
