"""`/api/problems/`: every code of the API's problems and what it means; `/api/problems/CODE` is what `type` names."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from config.problem_codes import FAMILIES, GROUPS, place_of


@require_safe
@cache_control(public=True, max_age=3600)
def problems(request: HttpRequest) -> HttpResponse:
    return render(request, "problems.html", {"groups": GROUPS, "families": FAMILIES})


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """On to its line; of a family's code to that of the family."""
    place = place_of(code)
    if not place:
        raise Http404
    return redirect(f"{reverse('api-problems')}#{place}")
