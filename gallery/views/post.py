"""The page of one post, and a way for visitors to report it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from accounts.refusals import Refusal
from gallery import moderation
from gallery.cards import cards_of, withdrawal_of
from gallery.forms import CommentForm, ReportForm
from gallery.liking import liked_by
from gallery.lineage import lineage_of
from gallery.models import NEWEST, Comment, Post
from gallery.shares import infotext_shown
from gallery.social import card_of_post
from gallery.views.access import person, public_post, visible_post
from gallery.words import plain_prompt
from generation.recipes.picture import Recipe
from generation.web.paging import neighbours
from generation.web.public_pictures import Ingredient, weight_picture

MORE_SHOWN = 8
COMMENTS_SHOWN = 5


@require_safe
def post(request: HttpRequest, code: str) -> HttpResponse:
    """The picture, its recipe, its neighbours, and more by the same person. Its author sees it in any state."""
    row: Any = visible_post(request, code, liked=liked_by(request.user))
    image = row.image
    assert image is not None
    newer, older = neighbours(Post.objects.public(), row, NEWEST) if row.approved_at else (None, None)
    others = Post.objects.public().of(row.author).exclude(pk=row.pk).select_related("image", "author")
    context = {
        "post": row,
        "image": image,
        "recipe": (recipe := row.shown_recipe),
        "infotext": infotext_shown(row),
        "prompt": plain_prompt(row.shown_prompt),
        "ingredients": ingredients_of(row, recipe) if recipe else [],
        "tags": list(row.tags.all()),
        "is_mine": request.user == row.author,
        "points": row.points,
        "liked": row.liked,
        "withdrawal": withdrawal_of(row),
        "reported": row.reports.filter(user=request.user.pk).first() if request.user.is_authenticated else None,
        "more": cards_of(others.newest()[:MORE_SHOWN]),
        "social": card_of_post(row) if row.is_public else None,
        "lineage": lineage_of(row),
        **comments_of(request, row),
        "newer": newer,
        "older": older,
    }
    return render(request, "gallery/post.html", context)


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
    loras = {row.sha256: row for row in post.loras.listed()} if recipe.loras else {}
    listed = post.checkpoint and post.checkpoint.is_public and post.checkpoint.is_enabled
    pinned = post.checkpoint and post.checkpoint.sha256 == recipe.checkpoint_sha256
    checkpoint = post.checkpoint if listed and pinned else None
    return [
        Ingredient("checkpoint", recipe.checkpoint, checkpoint, picture=weight_picture(checkpoint)),
        *(
            Ingredient("lora", pick.name, row := loras.get(pick.sha256), pick.weight, weight_picture(row))
            for pick in recipe.loras
        ),
    ]


@login_required
@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, code: str) -> HttpResponse:
    """Say what is wrong with a public picture."""
    reported = public_post(code)
    form = ReportForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                moderation.report(person(request), reported, **form.cleaned_data)
                messages.success(request, "Thank you. A moderator will look at it.")
                return redirect("post", code)
            except Refusal as refusal:
                status = form.refuse(refusal)
    own = reported.reports.filter(user=person(request)).first()
    context = {"post": reported, "form": form, "reported": own}
    return render(request, "gallery/report.html", context, status=status)
