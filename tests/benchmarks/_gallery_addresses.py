"""What the benchmark `gallery` asks for: frequent and rare words, tags and weights, alone, together and far on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from gallery.desk.queue import page_of_queue
from gallery.facets import of_tag
from gallery.filters import SORTS
from gallery.models import Collection, Comment, Post
from generation.web.paging import cursor_of
from tests.benchmarks._gallery_rows import POPULAR, now

Pages = dict[str, tuple[str, Sequence[str]]]


def pages(world: Any) -> Pages:
    return {
        **feeds(),
        **filters(world),
        **searches(world),
        **deep(world),
        **others(world),
        **social(world),
        **desk(),
    }


def gallery(**query: str) -> str:
    return f"/gallery/?{urlencode(query)}"


def feeds() -> Pages:
    top = {
        f"top of {period or 'all time'}": gallery(sort="top", period=period) for period in ("day", "week", "month", "")
    }
    named = {"newest": gallery(), "trending": gallery(sort="trending"), **top}
    return {
        **{name: ("", [address]) for name, address in named.items()},
        "newest, signed in": ("somebody", [gallery()]),
        "top of the month, signed in": ("somebody", [gallery(sort="top", period="month")]),
    }


def filters(world: Any) -> Pages:
    tags, loras, rare = world.tags, world.loras, {"tag": world.tags[-1].name, "lora": world.loras[-1].name}
    year = str(world_year())
    asked = {
        "a frequent tag": {"tag": tags[0].name},
        "a rare tag": {"tag": tags[-1].name},
        "a frequent LoRA": {"lora": loras[0].name},
        "a rare LoRA": {"lora": loras[-1].name},
        "a checkpoint": {"checkpoint": world.checkpoints[-1].name},
        "a shape": {"shape": "landscape"},
        "a rare rating": {"rating": "explicit"},
        "an author": {"author": world.authors[3].username},
        "a month": {"since": f"{year}-02-01", "until": f"{year}-02-28"},
        "a tag, trending": {"tag": tags[40].name, "sort": "trending"},
        "a tag, top of the month": {"tag": tags[40].name, "sort": "top", "period": "month"},
        "a tag, a LoRA and a shape": {"tag": tags[5].name, "lora": loras[5].name, "shape": "portrait"},
        "a rare tag and a rare LoRA": rare,
    }
    named = {f"filter by {name}": ("", [gallery(**query)]) for name, query in asked.items()}
    everything = {"tag": tags[1].name, "lora": loras[1].name, "author": world.authors[0].username, "shape": "square"}
    return {
        **named,
        "every filter at once, signed in": (
            "somebody",
            [gallery(q=world.words[0], checkpoint=world.checkpoints[0].name, sort="trending", **everything)],
        ),
    }


def world_year() -> int:
    """The latest year whose February is over."""
    return now().year - (now().month <= 2)


def searches(world: Any) -> Pages:
    words = world.words
    asked = {
        "a frequent word": words[0],
        "a word of the middle": words[200],
        "a rare word": words[-1],
        "no word there is": "xylophone",
        "three words that are seldom together": f"{words[30]} {words[45]} {words[60]}",
        "the first letter of many": words[0][0],
        "that letter and a rare word": f"{words[0][0]} {words[-1]}",
    }
    named = {f"search for {name}": ("", [gallery(q=text)]) for name, text in asked.items()}
    together = gallery(q=words[3], tag=world.tags[0].name)
    return {**named, "search for a word, with a tag": ("", [together])}


def deep(world: Any) -> Pages:
    """The pages near the far end of each order, of a filter and of a search."""
    far = {
        "newest": {},
        "trending": {"sort": "trending"},
        "top of all time": {"sort": "top"},
        "a frequent tag": {"tag": world.tags[0].name},
        "a frequent word": {"q": world.words[0]},
    }
    return {
        f"deep page of {name}": ("", [gallery(**query, before=far_end(world, query))]) for name, query in far.items()
    }


def far_end(world: Any, query: dict[str, str]) -> str:
    rows, order = Post.objects.public(), SORTS[query.get("sort", "")]
    if "tag" in query:
        rows = rows.filter(facets__contains=f" {of_tag(query['tag'])} ")
    if "q" in query:
        rows = rows.filter(search_words__contains=f" {query['q']}")
    return cursor_of(rows.order_by(*order)[100], order)


def others(world: Any) -> Pages:
    near = Post.objects.public().newest()
    far = Post.objects.public().order_by("approved_at")
    codes = [code for rows in (near, far) for code in rows.values_list("code", flat=True)[:10]]
    busy = world.authors[0].username
    quiet = next(each.username for each in reversed(world.authors) if Post.objects.public().of(each).exists())
    return {
        "a post": ("", [f"/gallery/{code}/" for code in codes]),
        "a post, signed in": ("somebody", [f"/gallery/{code}/" for code in codes]),
        "the author with most": ("", [f"/by/{busy}/"]),
        "the author with most, signed in": ("reader", [f"/by/{busy}/"]),
        "an author with few": ("", [f"/by/{quiet}/"]),
        "Atom": ("", ["/gallery/feed.atom"]),
        "RSS of a tag": ("", [f"/gallery/feed.rss?{urlencode({'tag': world.tags[0].name})}"]),
        "API, newest": ("", ["/api/v1/posts"]),
        "API, a tag": ("", [f"/api/v1/posts?{urlencode({'tag': world.tags[40].name})}"]),
    }


def social(world: Any) -> Pages:
    """What people do with posts: the most talked about, the most remixed, the fullest collection."""
    public = Post.objects.public()
    talked = Comment.objects.filter(code="h0").get().post.code
    remixed = public.filter(pk__lte=POPULAR).order_by("pk").first()
    assert remixed is not None
    chains = public.filter(lineage__contains=" ").order_by("pk").values_list("code", flat=True)[:10]
    oldest = Comment.objects.public().filter(post__code=talked).order_by("pk")[100]
    full, *_ = Collection.objects.of(world.people["somebody"]).order_by("pk")
    comments = f"/gallery/{talked}/comments/"
    asked = {
        "following many": ("somebody", "/gallery/following/"),
        "following three who show little": ("reader", "/gallery/following/"),
        "the post with most comments": ("somebody", f"/gallery/{talked}/"),
        "its comments": ("somebody", comments),
        "deep page of its comments": ("somebody", f"{comments}?{urlencode({'before': cursor_of(oldest, ['pk'])})}"),
        "API, its comments": ("", f"/api/v1/posts/{talked}/comments"),
        "the post with most remixes": ("somebody", f"/gallery/{remixed.code}/"),
        "its remixes": ("somebody", f"/gallery/{remixed.code}/remixes/"),
        "a full collection": ("reader", f"/collections/{full.code}/"),
        "one's collections": ("somebody", "/collections/"),
        "notifications": ("somebody", "/notifications/"),
        "what one sent in": ("somebody", "/gallery/mine/"),
    }
    pages: Pages = {name: (who, [address]) for name, (who, address) in asked.items()}
    return {**pages, "remixes of remixes": ("somebody", [f"/gallery/{code}/" for code in chains])}


def desk() -> Pages:
    """The moderators' pages."""
    desk, screen = reverse("admin:gallery_claim_changelist"), reverse("admin:gallery_post_changelist")
    rows = page_of_queue(only="post")
    for _ in range(10):
        rows = page_of_queue(only="post", cursor=rows.next_cursor)
    case = reverse("admin:desk_case", args=["post", rows.cases[0].key])
    asked = {
        "all that waits": desk,
        "pictures that wait, ten pages on": f"{desk}?{urlencode({'kind': 'post', 'after': rows.next_cursor})}",
        "a case": case,
        "the screen of what waits": screen,
        "the screen of what is public": f"{screen}?state=approved",
    }
    return {f"desk: {name}": ("moderator", [address]) for name, address in asked.items()}
