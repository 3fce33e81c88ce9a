"""Errors of a database that is away, and others."""

from __future__ import annotations

from types import SimpleNamespace

import psycopg
import pytest
from django.db import IntegrityError, OperationalError

from generation.models import reach


@pytest.mark.parametrize(
    ("state", "away"), [(None, True), ("08006", True), ("57P01", True), ("57P03", True), ("40P01", False)]
)
def test_states_of_postgresql(monkeypatch: pytest.MonkeyPatch, state: str | None, away: bool) -> None:
    monkeypatch.setattr(reach, "connection", SimpleNamespace(vendor="postgresql"))
    error = OperationalError("it did not work")
    error.__cause__ = psycopg.errors.lookup(state)("it did not work") if state else psycopg.OperationalError("gone")
    assert reach.is_database_away(error) is away
    assert not reach.is_database_away(IntegrityError("twice"))


def test_a_file_never_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "connection", SimpleNamespace(vendor="sqlite"))
    assert not reach.is_database_away(OperationalError("database is locked"))
