"""The connection to Redis that messages share, and what the broker itself can be asked."""

from __future__ import annotations

from functools import cache

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError


@cache
def connection() -> redis.Redis:
    """One pool a process. It waits for a free connection, since redis-py's own refuses when all are taken."""
    pool = redis.BlockingConnectionPool.from_url(settings.REDIS_URL, max_connections=64, socket_timeout=5)
    return redis.Redis(connection_pool=pool)


def waiting_wakeups() -> int | None:
    """How many messages lie in the broker for the workers that draw; None when it does not tell."""
    try:
        waiting = connection().llen("gpu")
    except redis.RedisError:
        return None
    return waiting if isinstance(waiting, int) else None


def fault() -> str:
    """Why the broker cannot be reached; empty when it can."""
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except OperationalError as error:
        return str(error) or type(error).__name__
    return ""
