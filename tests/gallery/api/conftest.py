"""The API is tested on the same catalog and pictures as the pages."""

from __future__ import annotations

from tests.generation.conftest import catalog, draw, queue

__all__ = ["catalog", "draw", "queue"]
