"""What a command of the shell needs before it asks for rows: a database that answers and has every table."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

MISSING = (
    "The database lacks tables: run `python manage.py migrate` and `python manage.py import_weights`, "
    "or `make run`, which does both."
)


def require_tables() -> None:
    """Raises CommandError, with a sentence that says what to run."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as error:
        raise CommandError(f"The database cannot be reached: {error}".strip()) from error
    if pending:
        raise CommandError(MISSING)
