"""`/changes/`: what changed from version to version, as `.github/CHANGELOG.md` tells it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class Version:
    """One heading of the file; `html` is what stands below it."""

    title: str
    anchor: str
    html: str


def versions_of(text: str) -> list[Version]:
    """The second-level headings of a Markdown text with what belongs to each; what stands before them is left out."""
    tokens = MARKDOWN.parse(text)
    starts = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    found = []
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        title = tokens[start + 1].content
        html = MARKDOWN.renderer.render(tokens[start + 3 : end], MARKDOWN.options, {})
        found.append(Version(title, slugify(title), html))
    return found


@lru_cache(maxsize=2)
def versions_in(path: Path) -> list[Version]:
    """Raises OSError where the code was installed without its changelog."""
    return versions_of(path.read_text(encoding="utf-8"))


@require_safe
@cache_control(public=True, max_age=3600)
def changes(request: HttpRequest) -> HttpResponse:
    try:
        versions = versions_in(Path(settings.BASE_DIR) / ".github" / "CHANGELOG.md")
    except OSError as error:
        raise Http404("This installation has no changelog.") from error
    return render(request, "changes.html", {"versions": versions})
