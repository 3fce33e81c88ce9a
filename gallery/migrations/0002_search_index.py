"""An index for the full-text search of PostgreSQL; SQLite reads the column as it is."""

from typing import Any

from django.db import migrations

NAME = "post_search_words"


def create_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        # The expression is the one that `gallery.search` asks for: another spelling would not use the index.
        schema_editor.execute(
            f"CREATE INDEX {NAME} ON gallery_post USING gin (to_tsvector('simple'::regconfig, COALESCE(search_words, '')))"
        )


def drop_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX {NAME}")


class Migration(migrations.Migration):
    dependencies = [("gallery", "0001_initial")]
    operations = [migrations.RunPython(create_index, drop_index)]
