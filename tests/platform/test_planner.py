"""What SQLite's planner knows of the tables is gathered, and that on the clock."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import Plan, User
from config import tasks
from config.celery import app

PEOPLE = 300


@pytest.mark.django_db
def test_statistics_are_gathered() -> None:
    plan = Plan.default()
    names = [f"p{number}" for number in range(PEOPLE)]
    User.objects.bulk_create(
        User(username=name, email=f"{name}@example.org", skeleton=name, plan=plan) for name in names
    )
    assert tasks.update_statistics() is (connection.vendor == "sqlite")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'accounts_user'")
            assert {int(stat.split()[0]) for (stat,) in cursor.fetchall()} == {PEOPLE}


def test_it_is_on_the_clock() -> None:
    entry = app.conf.beat_schedule["statistics"]
    assert app.tasks[entry["task"]] == tasks.update_statistics
