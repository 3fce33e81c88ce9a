"""Counts Celery's tasks: which ended how, and how long each took."""

from __future__ import annotations

import time
from typing import Any

from celery.signals import task_postrun, task_prerun

from generation.messages.counters import counters


@task_prerun.connect
def begin(task: Any, **kwargs: Any) -> None:
    task.request.began_at = time.monotonic()


@task_postrun.connect
def end(task: Any, state: str | None = None, **kwargs: Any) -> None:
    counters.add("celery_tasks", task.name, (state or "unknown").lower())
    began = getattr(task.request, "began_at", None)
    if began is not None:
        counters.observe("celery_task_seconds", task.name, value=time.monotonic() - began)
