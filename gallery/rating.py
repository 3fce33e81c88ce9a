"""The moderators' word on what a post shows: its rating, from whatever its author and the scorer said."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Replace

from accounts.models import User
from accounts.ratings import Rating
from accounts.refusals import Conflict, NotAllowed, Refusal
from accounts.second_factor import SENTENCE, lacks_second_factor
from gallery.models import Decision, Post
from gallery.moderation import is_moderator
from gallery.search import index_posts
from gallery.transitions import record

RATED = (Post.State.PENDING, Post.State.APPROVED)


def rate(moderator: User, post: Post, rating: str) -> Decision | None:
    """Give a post that waits or is public another rating. None where it has it already."""
    if not is_moderator(moderator):
        raise NotAllowed("not-a-moderator", "Only moderators rate posts.")
    if lacks_second_factor(moderator):
        raise NotAllowed("no-second-factor", SENTENCE)
    if post.author_id == moderator.pk:
        raise NotAllowed("own-work", "This is your own: another moderator decides about it.")
    if rating not in Rating.values:
        raise Refusal("bad-rating", "Choose one of the ratings.", field="rating")
    with transaction.atomic():
        before = Post.objects.select_for_update().values_list("rating", "state").get(pk=post.pk)
        former, state = Rating(before[0]), before[1]
        if state not in RATED:
            raise Conflict("wrong-state", "Only what waits or is public is rated.")
        if former == rating:
            return None
        facets = Replace(F("facets"), Value(f" {former.value} "), Value(f" {rating} "))
        Post.objects.filter(pk=post.pk).update(rating=rating, facets=facets)
        index_posts([post.pk])
        words = f"{former.label} before, {Rating(rating).label.lower()} now"
        decision: Decision = record(post, Decision.Verb.RATE, moderator, words, state, state)
    post.rating = rating
    return decision
