"""How often pages and their files may be asked for. The API has a limit of its own, in `throttling`."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.refusals import QuotaExceeded
from config import dialects
from config.rates import Rate, address_of, longest_wait, take
from config.route_rates import asked_of
from generation.web.access import asks_for_part, refused

FILES_A_PAGE = 5
"""A page brings pictures along, which are cheaper: so many times as many of them are sent as of pages."""
UNCOUNTED = ("/healthz", "/readyz", "/metrics")
BY_VIEWS = ("/api/v1/", *dialects.PREFIXES)
"""Counted by the views there."""
VERIFY = "/verify/"
"""Each picture sent there takes a second of work, so it has a count of its own."""
NOTICES = "/notices/"
"""Whoever sends one needs no account, each asks a person to read it, and its receipt goes to any address."""


class PageRate:
    """Middleware below the one that tells who asks: a person has one count wherever they are, a guest their address's.

    The address of a file has no slash at its end.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path in UNCOUNTED or path.startswith(BY_VIEWS):
            return self.get_response(request)
        if request.user.is_authenticated:
            who, rate = f"person:{request.user.pk}", settings.PAGE_RATE
        else:
            who, rate = f"address:{address_of(request)}", settings.PAGE_RATE_ANONYMOUS
        kind, times = ("page", 1) if path.endswith("/") else ("file", FILES_A_PAGE)
        if request.method == "POST" and path == VERIFY:
            kind, rate = "verify", settings.VERIFY_RATE
        if request.method == "POST" and path.startswith(NOTICES):
            kind, rate = "notice", settings.NOTICE_RATE
        read = Rate.read(rate)
        pages = (f"{kind}:{who}", Rate(read.limit * times, read.period))
        seconds = longest_wait(take([pages, *asked_of(request)]))
        return too_often(request, seconds) if seconds else self.get_response(request)


def too_often(request: HttpRequest, seconds: int) -> HttpResponse:
    refusal = QuotaExceeded("throttled", f"That was too often in a short time. Try again in {seconds} s.")
    answer = refused(refusal) if asks_for_part(request) else render(request, "429.html", status=refusal.status)
    answer["Retry-After"] = str(seconds)
    return answer
