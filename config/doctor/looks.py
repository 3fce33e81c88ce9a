"""All looks in their order, each of which may fail by itself: a part that is away must not hide the others."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError
from redis import RedisError

from config.doctor import drawing, machine, outside, parts, processes, storing
from config.doctor.findings import Line, Look, fail, reason

LOOKS: dict[str, Look] = {
    "settings": machine.settings_in_order,
    "versions": machine.versions,
    "disk": machine.disk,
    "database": parts.database,
    "migrations": parts.migrations,
    "broker": parts.broker_answers,
    "clock": parts.clocks,
    "cache": parts.cache_keeps,
    "channels": parts.channels_carry,
    "storage": storing.storage,
    "mail": parts.mail,
    "gpu": drawing.gpu,
    "weights": drawing.weights,
    "workers": processes.workers,
    "beat": processes.beat,
    "backups": storing.backups,
    "outside": outside.site_url,
}


def look_at_all() -> Iterator[Line]:
    for part, look in LOOKS.items():
        try:
            yield from look()
        except DatabaseError as error:
            yield fail(part, f"The database does not answer: {reason(error)}.", "See the line about the database.")
        except RedisError as error:
            yield fail(part, f"The broker does not answer: {reason(error)}.", "See the line about the broker.")
        except Exception as error:  # whatever a part raises that is broken in a way nobody foresaw
            yield fail(part, f"It could not be looked at: {type(error).__name__}: {reason(error)}.", "See the logs.")
