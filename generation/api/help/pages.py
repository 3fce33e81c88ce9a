"""The help pages of the API. What a page tells of a dialect is made from the tables that its views go by.

Which guides there are is told in `guides`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from generation.api.a1111.fields import FROM_PICTURES, UNUSED, USED
from generation.api.a1111.options import ABOUT
from generation.api.a1111.reading import BATCH_SIZE, BATCHES, CFG, MOST_OF_NATIVE, SIDE, STEPS
from generation.api.a1111.scripts import SCRIPTS
from generation.api.help.guides import GUIDES
from generation.api.help.openai import openai_facts
from generation.api.waiting import LONGEST_SECONDS

SNIPPETS: Path = settings.BASE_DIR / "templates" / "generation" / "help" / "snippets"
"""Beside the templates that show them; none is a template itself."""


def a1111_tables() -> dict[str, Any]:
    """All that a request of that dialect may say, and how far each number may go."""
    sliders = {"steps": STEPS, "width": SIDE, "height": SIDE, "cfg_scale": CFG, "batch_size": BATCH_SIZE}
    return {
        "used": USED,
        "from_pictures": FROM_PICTURES,
        "unused": {name: unused.why for name, unused in UNUSED.items()},
        "options": ABOUT,
        "scripts": SCRIPTS,
        "sliders": {**sliders, "n_iter": BATCHES},
        "most_of_native": MOST_OF_NATIVE,
        "longest_minutes": LONGEST_SECONDS // 60,
    }


FACTS: Mapping[str, Callable[[], Mapping[str, Any]]] = {"a1111": a1111_tables, "openai": openai_facts}
"""What the template of a guide is given besides, by the guide's name."""


@cache
def snippet(name: str) -> str:
    """The program as it lies in its file."""
    return (SNIPPETS / name).read_text(encoding="utf-8")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "generation/help/index.html", {"guides": GUIDES})


@require_safe
def guide(request: HttpRequest, name: str) -> HttpResponse:
    """One guide, with this site's address and the reader's name where they are to be typed."""
    found = next((each for each in GUIDES if each.name == name), None)
    if found is None:
        raise Http404("There is no such guide.")
    context = {
        "guide": found,
        "snippet": snippet(found.snippet) if found.snippet else "",
        "site_url": settings.SITE_URL,
        "reader": request.user.get_username() or "your-name",
    }
    return render(request, f"generation/help/{name}.html", {**context, **FACTS.get(name, dict)()})
