"""The Celery app: its queues and what runs on the clock. A message wakes a worker; what to do is read from rows.

`gpu` draws, `training` trains, `default` does the rest.
"""

from __future__ import annotations

import logging.config
import os
import sys
from functools import partial
from importlib import import_module
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import celeryd_init, setup_logging, worker_ready, worker_shutdown, worker_shutting_down
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu import Queue

from config.heartbeat import WorkerHeartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

QUEUES = ("gpu", "training", "default")

app = Celery("tempera")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name) for name in QUEUES]
app.conf.task_routes = {
    "generation.tasks.run_next_job": "gpu",
    "generation.tasks.merge_loras": "gpu",
    "generation.tasks.select_by_click": "gpu",
    "generation.tasks.run_next_training": "training",
}
app.conf.beat_schedule = {
    "recover": {"task": "generation.tasks.recover", "schedule": 15.0, "options": {"expires": 15}},
    "prune": {"task": "generation.tasks.prune", "schedule": 3600.0, "options": {"expires": 3600}},
    "mail": {"task": "accounts.tasks.send_due_mail", "schedule": 30.0, "options": {"expires": 30}},
    "digests": {"task": "gallery.tasks.send_digests", "schedule": 900.0, "options": {"expires": 900}},
    "reminders": {"task": "gallery.tasks.remind_of_notices", "schedule": 600.0, "options": {"expires": 600}},
    "recover-accounts": {"task": "config.tasks.recover_accounts", "schedule": 60.0, "options": {"expires": 60}},
    "delete-accounts": {"task": "config.tasks.prune_accounts", "schedule": 900.0, "options": {"expires": 900}},
    "statistics": {"task": "config.tasks.update_statistics", "schedule": 3600.0, "options": {"expires": 3600}},
    # Hours after a start: by then no process of the former version runs, which could not read what is sealed.
    "reseal": {"task": "config.tasks.reseal_secrets", "schedule": 6 * 3600.0, "options": {"expires": 3600}},
    "beat-seen": {"task": "config.tasks.note_beat", "schedule": 30.0, "options": {"expires": 30}},
    "prune-accounts": {"task": "accounts.tasks.prune", "schedule": 3600.0, "options": {"expires": 3600}},
}
app.steps["worker"].add(DjangoStructLogInitStep)
app.steps["worker"].add(WorkerHeartbeat)
app.autodiscover_tasks()
import_module("config.metrics.tasks")  # which counts them


@app.on_after_configure.connect
def schedule_backups(sender: Celery, **kwargs: Any) -> None:
    """At the operator's time, which is known only once the settings are read."""
    from django.conf import settings

    if settings.BACKUP_AT:
        hour, minute = settings.BACKUP_AT
        task = sender.signature("config.tasks.back_up")
        sender.add_periodic_task(crontab(hour=hour, minute=minute), task, name="back-up", expires=3600)


@setup_logging.connect
def use_the_sites_logging(**kwargs: Any) -> None:
    """Celery's own hook for keeping its hands off the log configuration."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@celeryd_init.connect
def prepare_worker(conf: Any, options: dict[str, Any], **kwargs: Any) -> None:
    """A worker that draws or trains has one device, and as many threads as that can use, unless `-c` says otherwise.

    Decided here, in the one process that knows the device: whoever starts it must not load torch to ask.
    """
    queues = set(options.get("queues") or QUEUES) - set(options.get("exclude_queues") or ())
    if not {"gpu", "training"} & queues:
        return
    refuse_several_devices()
    if not options.get("concurrency"):
        from generation.worker import process

        conf.worker_concurrency = process.this_worker().threads


def refuse_several_devices() -> None:
    """A worker draws on the first device alone, so others would be idle unnoticed."""
    from django.conf import settings

    devices = settings.RENDERING.devices
    if len(devices) > 1:
        # Celery goes on after any other exception of a handler.
        raise SystemExit(
            f"RENDER_DEVICE names several devices ({', '.join(devices)}), but a worker draws on one: "
            "start one for each, with RENDER_DEVICE and a name (-n) of its own, as `manage.py platform` does."
        )


@worker_ready.connect
def open_worker(sender: Any, **kwargs: Any) -> None:
    """A worker that draws or trains loads its engine at once: the first job must not wait for torch."""
    if drawing := {"gpu", "training"} & set(sender.app.amqp.queues.consume_from):
        from generation.worker import process

        def drain(**kwargs: Any) -> None:
            """SIGTERM: Celery waits for its threads, and what is in hand ends within the grace time."""
            process.this_worker().drain()

        worker_shutting_down.connect(drain, weak=False)
        worker_shutdown.connect(leave)
        process.this_worker().drained_or_not = partial(follow_drain, sender, drawing)
        process.open_worker()


def follow_drain(consumer: Any, queues: set[str], drained: bool) -> None:
    """Take no wake-ups for a drained worker, which would do nothing about them; in Celery's own thread."""
    change = consumer.cancel_task_queue if drained else consumer.add_task_queue
    for queue in queues:
        consumer.call_soon(change, queue)


def leave(sender: Any, **kwargs: Any) -> None:
    """The end of a worker whose threads, connections and leases are closed already: nothing is left to be done.

    Python would go on to take torch apart, seconds of a processor, and a busy machine's supervisor kills it meanwhile.
    """
    from django.db import connections

    from config.seeing import errors, traces
    from generation.messages.counters import counters

    connections.close_all()
    counters.flush()
    traces.stop()
    errors.stop()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(sender.exitcode or 0)
