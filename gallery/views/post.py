"""The page of one post, and a way for visitors to report it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F, FilteredRelation, OuterRef, Q, Subquery, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from gallery import moderation
from gallery.cards import cards_of, withdrawal_of
from gallery.forms import CommentForm, ReportForm
from gallery.liking import liked_by
from gallery.lineage import ancestors_of, lineage_of, remix_count
from gallery.models import NEWEST, Comment, Post, Report, Tag
from gallery.shares import infotext_shown
from gallery.social import card_of_post
from gallery.views.access import person, public_post, visible_post
from gallery.words import plain_prompt
from generation.models.counts import Lines
from generation.recipes.picture import Recipe
from generation.web.paging import beside
from generation.web.public_pictures import Ingredient, ingredients

MORE_SHOWN = 8
COMMENTS_SHOWN = 5


@require_safe
def post(request: HttpRequest, code: str) -> HttpResponse:
    """The picture, its recipe, its neighbours, and more by the same person. Its author sees it in any state."""
    row: Any = visible_post(request, code, **read_with(request.user))
    image = row.image
    assert image is not None
    more, ancestors = others_of(row)
    context = {
        "post": row,
        "image": image,
        "recipe": (recipe := row.shown_recipe),
        "infotext": infotext_shown(row),
        "prompt": plain_prompt(row.shown_prompt),
        "ingredients": ingredients_of(row, recipe) if recipe else [],
        "tags": sorted((row.tag_names or "").split("\n")) if row.tag_names else [],
        "is_mine": request.user == row.author,
        "points": row.points,
        "liked": row.liked,
        "withdrawal": withdrawal_of(row),
        "reported": report_of(row),
        "more": cards_of(more),
        "social": card_of_post(row) if row.is_public else None,
        "lineage": lineage_of(row, ancestors, row.remix_count),
        **comments_of(request, row),
        "newer": row.newer,
        "older": row.older,
    }
    return render(request, "gallery/post.html", context)


def read_with(user: Any) -> dict[str, Any]:
    """What is read with the post in the same query: codes of its neighbours, names of its tags, numbers."""
    newer, older = beside(Post.objects.public(), NEWEST)
    tags: Any = Tag.objects.filter(posts=OuterRef("pk")).order_by().values("posts")
    read: dict[str, Any] = {
        "liked": liked_by(user),
        "newer": Subquery(newer.values("code")),
        "older": Subquery(older.values("code")),
        "tag_names": Subquery(tags.annotate(names=Lines("name")).values("names")),
        "remix_count": remix_count(),
    }
    if user.is_authenticated:
        read["own_report"] = FilteredRelation("reports", condition=Q(reports__user=user.pk))
        read |= {f"reported_{name}": F(f"own_report__{name}") for name in ("reason", "at", "closed_at")}
    return read


def report_of(row: Any) -> Report | None:
    """What the person for whom the post was read has said against it."""
    if not getattr(row, "reported_reason", None):
        return None
    return Report(reason=row.reported_reason, at=row.reported_at, closed_at=row.reported_closed_at)


def others_of(row: Post) -> tuple[list[Post], list[Post]]:
    """More by its author, newest first, and what it goes back to, in any order. One query."""
    own = Post.objects.public().of(row.author).exclude(pk=row.pk).newest()[:MORE_SHOWN]
    # By their ids: SQLite knows no limit inside a union.
    more = Post.objects.filter(pk__in=own.values("pk")).annotate(kind=Value("more"))
    old = ancestors_of(row).annotate(kind=Value("old"))
    rows: list[Any] = list(
        more.select_related("image", "author").union(old.select_related("image", "author"), all=True)
    )
    newest = sorted((each for each in rows if each.kind == "more"), key=lambda each: (each.approved_at, each.pk))
    return newest[::-1], [each for each in rows if each.kind == "old"]


def comments_of(request: HttpRequest, post: Post) -> dict[str, Any]:
    """The newest comments of a public post, and where one is written; nothing while only its author sees it."""
    if not post.is_public:
        return {}
    rows = Comment.objects.public().filter(post=post).select_related("author").order_by("-pk")
    comments = list(rows[: COMMENTS_SHOWN + 1])
    return {
        "comments": comments[:COMMENTS_SHOWN],
        "has_more_comments": len(comments) > COMMENTS_SHOWN,
        "comment_form": CommentForm(),
        "moderates": bool(comments) and moderation.is_moderator(request.user),
    }


def ingredients_of(post: Post, recipe: Recipe) -> list[Ingredient]:
    """Checkpoint and LoRAs of the recipe, as far as the public may use them."""
    loras = {row.sha256: row for row in post.loras.listed()} if recipe.every_lora else {}
    listed = post.checkpoint and post.checkpoint.is_public and post.checkpoint.is_enabled
    pinned = post.checkpoint and post.checkpoint.sha256 == recipe.checkpoint_sha256
    return ingredients(recipe, post.checkpoint if listed and pinned else None, loras)


@login_required
@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, code: str) -> HttpResponse:
    """Say what is wrong with a public picture."""
    reported = public_post(code)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.carries_out(partial(moderation.report, person(request), reported)):
        messages.success(request, "Thank you. A moderator will look at it.")
        return redirect("post", code)
    own = reported.reports.filter(user=person(request)).first()
    context = {"post": reported, "form": form, "reported": own}
    return render(request, "gallery/report.html", context, status=form.status)
