"""What search engines may read: `robots.txt`, and sitemaps that name every public picture and who shows any.

A sitemap is a range of ids, so that the last one takes no longer than the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from io import StringIO
from xml.sax.xmlreader import AttributesImpl

from django.db.models import Exists, Max, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from accounts.models import User
from gallery.models import Post
from gallery.social import absolute

IDS_A_SITEMAP = 10_000
SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
PAGES = ("home", "gallery", "loras", "checkpoints")
CLOSED = ("/accounts/", "/account/", "/admin/", "/api/", "/create/", "/images/", "/jobs/", "/studio/")
CACHED = {"public": True, "max_age": 3600}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    closed = "".join(f"Disallow: {path}\n" for path in CLOSED)
    text = f"User-agent: *\n{closed}\nSitemap: {absolute(reverse('sitemap'))}\n"
    return _cached(HttpResponse(text, content_type="text/plain; charset=utf-8"))


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """The list of all sitemaps."""
    addresses = [reverse("sitemap-pages"), reverse("sitemap-help")]
    for name, rows in (("sitemap-posts", Post.objects.all()), ("sitemap-authors", User.objects.all())):
        last = rows.aggregate(last=Max("pk"))["last"] or 0
        addresses += [reverse(name, args=[part]) for part in range(last // IDS_A_SITEMAP + 1)]
    return answer("sitemapindex", "sitemap", ((address, None) for address in addresses))


@require_safe
def pages(request: HttpRequest) -> HttpResponse:
    return answer("urlset", "url", ((reverse(name), None) for name in PAGES))


@require_safe
def posts(request: HttpRequest, part: int) -> HttpResponse:
    rows = Post.objects.public().filter(pk__range=_range(part)).order_by("pk").values_list("code", "approved_at")
    return answer("urlset", "url", ((reverse("post", args=[code]), at) for code, at in rows))


@require_safe
def authors(request: HttpRequest, part: int) -> HttpResponse:
    shown = Exists(Post.objects.public().filter(author=OuterRef("pk")))
    rows = User.objects.filter(shown, pk__range=_range(part), is_active=True).order_by("pk")
    names = rows.values_list("username", flat=True)
    return answer("urlset", "url", ((reverse("author", args=[name]), None) for name in names))


def _range(part: int) -> tuple[int, int]:
    first = part * IDS_A_SITEMAP
    if first >= 2**63 - IDS_A_SITEMAP:
        raise Http404("There is no such sitemap.")
    return first, first + IDS_A_SITEMAP - 1


def answer(root: str, each: str, addresses: Iterable[tuple[str, datetime | None]]) -> HttpResponse:
    """A sitemap (`urlset` of `url`), or the list of them, of paths and when each was changed."""
    text = StringIO()
    xml = SimplerXMLGenerator(text, "utf-8")
    xml.startDocument()
    xml.startElement(root, AttributesImpl({"xmlns": SCHEMA}))
    for path, changed_at in addresses:
        xml.startElement(each, AttributesImpl({}))
        xml.addQuickElement("loc", absolute(path))
        if changed_at is not None:
            xml.addQuickElement("lastmod", changed_at.isoformat(timespec="seconds"))
        xml.endElement(each)
    xml.endElement(root)
    xml.endDocument()
    return _cached(HttpResponse(text.getvalue(), content_type="application/xml"))


def _cached(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, **CACHED)
    return response
