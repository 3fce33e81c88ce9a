"""The public page of what was moderated: counts a month, and nobody's name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.transparency import report_of_months


@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    months, groups = report_of_months()
    return render(request, "gallery/transparency.html", {"months": months, "groups": groups})
