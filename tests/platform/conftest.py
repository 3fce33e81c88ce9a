"""The site is measured on the same catalog and jobs as the pages."""

from __future__ import annotations

from tests.generation.conftest import catalog, draw, queue, worker

__all__ = ["catalog", "draw", "queue", "worker"]
