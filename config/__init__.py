"""How the parts are joined and started. Everything here may import everyone; nobody imports this."""

from __future__ import annotations

from config.celery import app as celery_app

__all__ = ["celery_app"]
