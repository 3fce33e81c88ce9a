"""`/help/`: the contents, or what a search finds; and each page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from config.help.pages import contents, neighbours_of, pages
from config.help.search import LONGEST_QUERY, search
from config.help.sections import SECTIONS
from gallery.views.sitemaps import answer


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    context = {"query": query, "results": search(query) if query else [], "contents": contents()}
    return render(request, "help/index.html", context)


@require_safe
def section(request: HttpRequest, section: str) -> HttpResponse:
    """On to its place among the contents."""
    if section not in {row.name for row in SECTIONS}:
        raise Http404("There is no such section.")
    return redirect(f"{reverse('help')}#{section}")


@require_safe
def page(request: HttpRequest, section: str, name: str) -> HttpResponse:
    found = pages().get(f"/help/{section}/{name}/")
    if found is None:
        raise Http404("There is no such page.")
    of_section = [each for each in pages().values() if each.section is found.section]
    context = {"help_page": found, "of_section": of_section, "neighbours": neighbours_of(found)}
    return render(request, "help/page.html", context)


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    return answer("urlset", "url", ((address, None) for address in [reverse("help"), *pages()]))
