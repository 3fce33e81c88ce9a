"""Samples of two steps and losses of few rows: what tests here look at does not depend on how many there are."""

from __future__ import annotations

import pytest

from generation.engine.training import sampling, validation


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SAMPLE_STEPS", 2)
    monkeypatch.setattr(validation, "MEASURED_ROWS", 4)
