"""The pages of a site that allows webhooks."""

from __future__ import annotations

from tests.generation.jobs.webhooks.conftest import allowed, make_hook, wire

__all__ = ["allowed", "make_hook", "wire"]
