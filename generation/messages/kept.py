"""What many pages ask for alike, kept for some seconds by the broker's cache. Nothing depends on its being there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def kept_each(
    name: str, keys: Sequence[str], seconds: int, make: Callable[[Sequence[str]], Mapping[str, T]]
) -> dict[str, T]:
    """The same for several: what `make` gave for each of these keys; it is asked once, for those that are not kept."""
    names = {f"{name}-{key}": key for key in keys}
    try:
        values: dict[str, T] = {names[kept_name]: value for kept_name, value in cache.get_many(list(names)).items()}
        if missing := [key for key in keys if key not in values]:
            made = make(missing)
            cache.set_many({f"{name}-{key}": value for key, value in made.items()}, seconds)
            values.update(made)
        return values
    except redis.RedisError as error:
        logger.warning("not_kept", name=name, error=str(error))
        return dict(make(keys))
