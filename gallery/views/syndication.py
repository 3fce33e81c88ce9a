"""The newest pictures for feed readers, as Atom and RSS; the gallery's filters in the address hold here, too.

Feed readers veil nothing, so that a picture of a stronger rating is not among them.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.feedgenerator import Atom1Feed, Enclosure, Rss201rev2Feed, SyndicationFeed
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from accounts.ratings import Rating
from gallery.filters import Filters
from gallery.models import NEWEST, Post
from gallery.social import absolute
from generation.storage.downloads import FOR_EVERYBODY

ENTRIES = 50


@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    return answer(request, Atom1Feed)


@require_safe
def rss(request: HttpRequest) -> HttpResponse:
    return answer(request, Rss201rev2Feed)


def answer(request: HttpRequest, form: type[Atom1Feed | Rss201rev2Feed]) -> HttpResponse:
    filters = Filters.of(request.GET).without_order
    found = (
        filters.find(Post.objects.approved().filter(rating=Rating.GENERAL))
        .with_rows("image", "author")
        .with_many("tags")
    )
    feed = form(
        title=f"{settings.SITE_NAME}: {', '.join(filters.given.values()) or 'the gallery'}",
        link=absolute(f"{reverse('gallery')}{filters.query if filters else ''}"),
        description="The newest pictures, each made from text.",
        feed_url=absolute(request.get_full_path()),
        language="en",
    )
    for post in found.order_by(*(f"-{name}" for name in NEWEST))[:ENTRIES]:
        add(feed, post)
    response = HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
    patch_cache_control(response, **FOR_EVERYBODY)
    return response


def add(feed: SyndicationFeed, post: Post) -> None:
    """One entry; `image`, `author` and `tags` should be fetched with it. Prompts are the page's to show."""
    assert post.image is not None
    page = absolute(reverse("post", args=[post.code]))
    small = absolute(reverse("post-thumbnail", args=[post.code]))
    picture = absolute(reverse("post-picture", args=[post.code]))
    feed.add_item(
        title=post.title,
        link=page,
        unique_id=page,
        description=format_html('<a href="{}"><img src="{}" alt="{}"></a>', page, small, post.title),
        author_name=post.author.username,
        author_link=absolute(reverse("author", args=[post.author.username])),
        pubdate=post.approved_at,
        updateddate=post.approved_at,
        categories=[tag.name for tag in post.tags.all()],
        enclosures=[Enclosure(picture, str(post.image.size_bytes), "image/png")],
    )
