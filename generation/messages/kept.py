"""What many pages ask for alike, kept for some seconds by the broker's cache. Nothing depends on its being there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import redis
import structlog
from django.core.cache import cache

logger = structlog.get_logger(__name__)
T = TypeVar("T")


def kept(name: str, seconds: int, make: Callable[[], T]) -> T:
    """What `make` gave at most so many seconds ago; made anew each time while the cache is away.

    The value must be one that pickles, and not None.
    """
    try:
        value: T | None = cache.get(name)
        if value is None:
            value = make()
            cache.set(name, value, seconds)
        return value
    except redis.RedisError as error:
        logger.warning("not_kept", name=name, error=str(error))
        return make()
