"""What is answered while a part of the site cannot work: 503 without broker, bucket or database, 507 on a full disk.

Few pages need the broker: signing in counts tries. Nearly all that is posted needs room.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from redis import RedisError

from accounts.refusals import NoRoom
from config import problems
from generation.models.reach import is_database_away
from generation.storage.files import DISK_FULL, StorageAway
from generation.web.access import asks_for_part

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 30
DATABASE_FULL = "53100"
"""PostgreSQL's state for it."""


@dataclass(frozen=True, slots=True)
class Outage:
    """An answer that is nobody's fault who asks: `page` for browsers, code and sentence for programs."""

    status: HTTPStatus
    code: str
    sentence: str
    page: str


AWAY = Outage(
    HTTPStatus.SERVICE_UNAVAILABLE, "part-away", "A part of the site is away. Try again in a minute.", "503.html"
)
DATABASE_AWAY = replace(AWAY, page="503_bare.html")
"""Without it nobody is known, and every page that names them would fail too."""
FULL = Outage(HTTPStatus.INSUFFICIENT_STORAGE, NoRoom.CODE, NoRoom.SENTENCE, "507.html")


class Outages:
    """Middleware: tries that cannot be counted are refused, not let through; anything else stays what it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return answer(request, error)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler of what nothing else handled: middleware, too, reads forms and saves sessions."""
    error = sys.exc_info()[1]
    return (error and answer(request, error)) or problems.server_error(request)


def answer(request: HttpRequest, error: BaseException) -> HttpResponse | None:
    outage = outage_of(error)
    if outage is None:
        return None
    log.error(outage.code.replace("-", "_"), path=request.path, error=str(error))
    if request.path_info.startswith(problems.API) or asks_for_part(request):
        response: HttpResponse = problems.to_program(request.path_info, outage.status, outage.code, outage.sentence)
    elif outage is DATABASE_AWAY:
        response = HttpResponse(render_to_string(outage.page), status=outage.status)
    else:
        response = render(request, outage.page, status=outage.status)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def outage_of(error: BaseException) -> Outage | None:
    if isinstance(error, RedisError | StorageAway):
        return AWAY
    if is_database_away(error):
        return DATABASE_AWAY
    return FULL if isinstance(error, NoRoom) or is_no_room(error) else None


def is_no_room(error: BaseException) -> bool:
    """Whether a disk, a quota or a file's size let no more be written, to a file or by the database."""
    if isinstance(error, DatabaseError):
        cause = error.__cause__
        full = getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL"
        return full or getattr(cause, "sqlstate", "") == DATABASE_FULL
    return isinstance(error, OSError) and error.errno in DISK_FULL
