"""What runs beside the site: database, broker with cache and channel layer, their clocks, and the mail server."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from smtplib import SMTPException

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.core.mail import get_connection
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.refusals import counted
from config.backup.contents import applied_migrations, check_known
from config.backup.database import engine
from config.backup.refused import Refused
from config.doctor.findings import Line, fail, ok, reason, warn
from generation.messages import broker

APART_SECONDS = 2.0
FAR_APART_SECONDS = 15.0
"""Codes of authenticator apps and signed addresses hold for half a minute."""
ANSWER_SECONDS = 5.0


def database() -> Iterator[Line]:
    connection.ensure_connection()
    yield ok("database", f"{engine().name} {engine().version()} answers.")
    if connection.vendor == "sqlite" and not settings.EMBEDDED_VALKEY:
        yield warn(
            "database",
            "Rows are in SQLite, and the broker is another machine's or another program's.",
            "Set DATABASE_URL to a PostgreSQL where more than one machine serves the site.",
        )


def migrations() -> Iterator[Line]:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        first = f"{pending[0][0].app_label}.{pending[0][0].name}"
        said = f"{counted(len(pending), 'migration')} not run yet, {first} first."
        yield fail("migrations", said, "Run `python manage.py migrate`; the old version may serve meanwhile.")
    try:
        check_known(applied_migrations())
    except Refused:
        said = "The rows went through migrations that this code does not have: they are of a newer Tempera."
        yield fail("migrations", said, "Upgrade the code of this machine too.")
    else:
        if not pending:
            yield ok("migrations", "All have run.")


def broker_answers() -> Iterator[Line]:
    if fault := broker.fault():
        advice = (
            "Start it: `make run` does. If it runs, give this command the site's own REDIS_URL or VALKEY_PORT. Until "
            "then nothing is drawn, and pages lack news."
        )
        yield fail("broker", f"The broker cannot be reached: {fault.rstrip('.')}.", advice)
        return
    told = broker.connection().info()
    name = "Valkey" if "valkey_version" in told else "Redis"
    yield ok("broker", f"{name} {told.get('valkey_version', told.get('redis_version'))} answers.")
    policy = told.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        said = f"When its memory is full it throws away what it likes ({policy}), queued work among it."
        yield warn("broker", said, "Set maxmemory-policy to noeviction there.")


def clocks() -> Iterator[Line]:
    """This machine's against those of database and broker; SQLite's is this machine's."""
    others: dict[str, Callable[[], float]] = {"broker": broker_time}
    if connection.vendor == "postgresql":
        others["database"] = database_time
    for name, ask in others.items():
        before = time.time()
        told = ask()
        apart = told - (before + time.time()) / 2
        said = f"This machine's clock is {abs(apart):.1f} s {'behind' if apart > 0 else 'ahead of'} the {name}'s."
        advice = "Have both machines set their clocks by NTP (`timedatectl set-ntp true`)."
        if abs(apart) > FAR_APART_SECONDS:
            yield fail("clock", said, advice)
        elif abs(apart) > APART_SECONDS:
            yield warn("clock", said, advice)
        else:
            yield ok("clock", f"It agrees with the {name}'s.")


def broker_time() -> float:
    seconds, micros = broker.connection().time()
    return float(seconds) + float(micros) / 1e6


def database_time() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


def cache_keeps() -> Iterator[Line]:
    key, value = f"doctor-{secrets.token_hex(8)}", secrets.token_hex(8)
    cache.set(key, value, 60)
    read = cache.get(key)
    cache.delete(key)
    if read == value:
        yield ok("cache", "It gives back what was put in.")
    else:
        advice = "See that its memory is not full (maxmemory) and that nothing else empties it."
        yield fail("cache", "What was put in is not there a moment later.", advice)


def channels_carry() -> Iterator[Line]:
    """What a web process or worker says to pages arrives."""
    message = {"type": "doctor.look", "word": secrets.token_hex(8)}
    try:
        heard = async_to_sync(carried)(message)
    except TimeoutError:
        heard = None
    if heard == message:
        yield ok("channels", "A message of the channel layer arrives.")
    else:
        said = f"A message of the channel layer did not arrive in {ANSWER_SECONDS:.0f} s: pages stand still."
        yield fail("channels", said, "See that the broker allows PUBLISH and SUBSCRIBE, and that REDIS_URL names it.")


async def carried(message: dict[str, str]) -> object:
    layer = get_channel_layer()
    name = await layer.new_channel()
    try:
        await layer.send(name, message)
        return await asyncio.wait_for(layer.receive(name), ANSWER_SECONDS)
    finally:
        await layer.flush()


def mail() -> Iterator[Line]:
    """Connects and signs in; nothing is sent."""
    if not settings.EMAIL_HOST:
        said = "There is no mail server: mail goes to the log."
        if settings.HTTPS:
            yield warn("mail", said, "Set SMTP_HOST, else nobody who signs up can confirm an address.")
        else:
            yield ok("mail", said)
        return
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    line = get_connection("django.core.mail.backends.smtp.EmailBackend")
    try:
        line.open()
    except (SMTPException, OSError) as error:
        advice = (
            "Look at SMTP_HOST, SMTP_PORT, SMTP_TLS, SMTP_USER and SMTP_PASSWORD; `sendtestemail` tries a whole mail."
        )
        yield fail("mail", f"The mail server {server} did not let us in: {reason(error)}.", advice)
    else:
        yield ok("mail", f"The mail server {server} lets us in.")
    finally:
        line.close()
