"""Two addresses for machines: `/healthz` says that this process answers, `/readyz` that it can do its work."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.get_logger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database and the broker answer, else 503. Which one failed is told, why is only logged."""
    parts = {name: answers(name, ask) for name, ask in PARTS.items()}
    ready = all(parts.values())
    body = {"status": "ready" if ready else "not ready", **{name: "ok" if up else "down" for name, up in parts.items()}}
    return JsonResponse(body, status=200 if ready else 503)


def answers(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception as error:  # whatever a dead part raises, the answer is the same
        log.warning("not_ready", part=name, error=str(error))
        return False
    return True


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_broker() -> None:
    cache.set("readyz", 1, 10)


PARTS: dict[str, Callable[[], object]] = {"database": ask_database, "broker": ask_broker}
