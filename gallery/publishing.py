"""The author's verbs: send a picture in, and take it back. What moderators do is `moderation`'s."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.quotas import hold_account
from accounts.ratings import Rating, strongest
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal
from gallery.facets import facets_of, shape_of
from gallery.lineage import origin_of
from gallery.models import Appeal, Decision, Post, Release, Report, Tag
from gallery.sanctions import refuse_suspended
from gallery.screening import flags_of_picture, flags_of_rules, flags_of_words
from gallery.search import index_posts
from gallery.transitions import BATCH, MOVES, move, move_all, record
from gallery.words import fold, folded_words, plain_prompt, spaced
from generation.models import Checkpoint, GeneratedImage, Lora
from generation.storage.fingerprints import fingerprint_of

TITLE_CHARS = 80
TAG_CHARS = 30
MOST_TAGS = 10
MOST_PENDING = 50
"""Posts of one person that may wait at once: moderators are people too."""
TAG = re.compile(r"[^\W_][\w' -]*")


def publish_image(
    user: User,
    image: GeneratedImage,
    title: str,
    tags: Iterable[str] = (),
    rating: str = Rating.GENERAL,
    shares: str = Post.Shares.RECIPE,
) -> Post:
    """Send a picture in; it waits for a moderator. One that was withdrawn or not accepted may be sent in again.

    Its rating is the author's, or the picture's own where that is stronger. What it does not share of its recipe is
    not found either, by words or by weights; moderators see it all.

    Raises NotFound for somebody else's or a deleted picture, Conflict when it is there already, Refusal for the words.
    """
    if image.owner_id != user.pk or image.deleted_at is not None:
        raise NotFound("not-found", "There is no such picture, or it is not yours.")
    post: Post | None = Post.objects.filter(image=image).first()
    if post is not None and post.state not in MOVES[Decision.Verb.PUBLISH].sources:
        raise Conflict("already-published", ALREADY[Post.State(post.state)])
    if shares not in Post.Shares.values:
        raise Refusal("bad-shares", "Choose what others see of the recipe.", field="shares")
    refuse_suspended(user)
    title, names = clean_title(title), clean_tags(tags)
    flags = flags_of_words(title, *names, image.prompt)
    flags += flags_of_rules(user, " · ".join((title, *names, image.prompt)), image.recipe.negative_prompt)
    fingerprint = fingerprint_of(image)
    flags += flags_of_picture(fingerprint, besides=post.pk if post else None)
    prompt = plain_prompt(image.prompt) if shares == Post.Shares.RECIPE else ""
    words = spaced(folded_words(" ".join((title, *names, prompt))))
    fields = {"title": title, "flags": flags, "fingerprint": fingerprint, "search_words": words}
    fields["shares"] = shares
    fields |= {"rating": strongest(rating, image.rating), "submitted_at": timezone.now()}
    return _send_in(user, image, post, names, fields)


ALREADY = {
    Post.State.PENDING: "This picture is waiting for a moderator already.",
    Post.State.APPROVED: "This picture is in the gallery already.",
    Post.State.HIDDEN: "This picture is hidden until a moderator has looked at it.",
    Post.State.TAKEN_DOWN: "A moderator took this picture down; it cannot be published again.",
}


def withdraw_post(user: User, post: Post) -> None:
    """Take one's own post back: it leaves the gallery at once. NotFound when it is somebody else's."""
    if post.author_id != user.pk:
        raise NotFound("not-found", "There is no such post, or it is not yours.")
    move(post, Decision.Verb.WITHDRAW, user, approved_at=None)


def withdraw_posts(user: User) -> int:
    """Take back everything of one's own that is public or waits, as `withdraw_post` does with one; how many."""
    return move_all(Post.objects.of(user), Decision.Verb.WITHDRAW, user, approved_at=None)


def erase_words(user: User) -> None:
    """Take away what a person wrote: titles and tags of their posts, the words of their reports and appeals.

    Posts and their decisions stay, and the mark by which the same picture is known when somebody sends it in again.
    """
    posts = Post.objects.of(user)
    Post.tags.through.objects.filter(post__author=user).delete()
    posts.update(title="Deleted", flags=[], search_words="", facets="", is_news=False)
    keys = list(posts.values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        index_posts(keys[start : start + BATCH])
    Release.objects.of(user).update(title="Deleted", flags=[], trigger_words=[], is_news=False)
    Report.objects.filter(user=user).exclude(words="").update(words="")
    Appeal.objects.filter(author=user).exclude(words="").update(words="")


def _send_in(user: User, image: GeneratedImage, post: Post | None, names: list[str], fields: dict[str, Any]) -> Post:
    recipe, checkpoint, loras, weights = image.recipe, None, list[str](), list[str]()
    if fields["shares"] != Post.Shares.NOTHING:
        loras = [pick.sha256 for pick in recipe.every_lora]
        weights = [recipe.checkpoint_sha256, *loras]
        checkpoint = Checkpoint.objects.filter(sha256=recipe.checkpoint_sha256).first()
    shape = shape_of(image.width, image.height)
    fields["facets"] = facets_of(user.pk, shape, fields["rating"], names, weights)
    fields["checkpoint"] = checkpoint
    fields["made_from"], fields["lineage"] = origin_of(image)
    try:
        with transaction.atomic():
            hold_account(user)
            if Post.objects.of(user).filter(state=Post.State.PENDING).count() >= MOST_PENDING:
                sentence = f"{MOST_PENDING} of your pictures wait already. Wait for a moderator."
                raise QuotaExceeded("too-many-pending", sentence)
            if post is None:
                post = Post.objects.create(image=image, author=user, **fields)
                record(post, Decision.Verb.PUBLISH, user, "", "", Post.State.PENDING)
            else:
                move(post, Decision.Verb.PUBLISH, user, **fields)
            Tag.objects.bulk_create([Tag(name=name) for name in names], ignore_conflicts=True)
            post.tags.set(Tag.objects.filter(name__in=names))
            post.loras.set(Lora.objects.filter(sha256__in=loras))
            index_posts([post.pk])
    except IntegrityError as error:
        raise Conflict("already-published", ALREADY[Post.State.PENDING]) from error
    return post


def clean_title(title: str) -> str:
    """One line of 1 to 80 characters."""
    line = " ".join(title.split())
    if not line:
        raise Refusal("title-missing", "Give the picture a title.", field="title")
    if len(line) > TITLE_CHARS or not line.isprintable():
        raise Refusal("bad-title", f"A title is one line of at most {TITLE_CHARS} characters.", field="title")
    return line


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Folded tags in the order given, each once, without their number sign. At most 10 of at most 30 characters."""
    names = list(dict.fromkeys(" ".join(fold(tag).replace("#", " ").split()) for tag in tags))
    names = [name for name in names if name]
    if len(names) > MOST_TAGS:
        raise Refusal("too-many-tags", f"A picture takes at most {MOST_TAGS} tags.", field="tags")
    for name in names:
        if len(name) > TAG_CHARS:
            raise Refusal("tag-too-long", f"The tag “{name[:TAG_CHARS]}…” is too long.", field="tags")
        if not TAG.fullmatch(name):
            raise Refusal(
                "bad-tag", f"“{name}” cannot be a tag: use letters, digits, spaces and hyphens.", field="tags"
            )
    return names
