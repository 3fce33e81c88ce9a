"""Following an author, and the feed that comes of it."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import NotFound, QuotaExceeded, Refusal
from gallery.models import Follow, Notification, Post
from gallery.notifying import notify, take_back
from gallery.search import Found

MOST_FOLLOWED = 1000
NOBODY = "Nobody by that name shows pictures here."


def author_named(username: str) -> User:
    """Who shows public pictures under this name. NotFound otherwise: who has none is not told apart from nobody."""
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None or not Post.objects.public().of(person).exists():
        raise NotFound("not-found", NOBODY)
    return person


def follow(user: User, person: User) -> bool:
    """Whether it is new. Refusal for oneself, QuotaExceeded past MOST_FOLLOWED."""
    if user.pk == person.pk:
        raise Refusal("own-self", "You see your own pictures without following yourself.")
    try:
        with transaction.atomic():
            hold_account(user)
            if Follow.objects.filter(follower=user).count() >= MOST_FOLLOWED:
                raise QuotaExceeded("too-many-followed", f"You follow {MOST_FOLLOWED} people, and that is the most.")
            Follow.objects.create(follower=user, person=person)
            notify(person, Notification.Kind.FOLLOW, user)
    except IntegrityError:
        return False
    return True


def unfollow(user: User, person: User) -> bool:
    """Whether they were followed."""
    with transaction.atomic():
        gone = bool(Follow.objects.filter(follower=user, person=person).delete()[0])
        if gone:
            take_back(person, Notification.Kind.FOLLOW, user)
    return gone


def forget_follows(user: User) -> None:
    """Nobody follows them any more, and they follow nobody."""
    Follow.objects.filter(follower=user).delete()
    Follow.objects.filter(person=user).delete()


def follows(user: Any, person: User) -> bool:
    return bool(user.is_authenticated and Follow.objects.filter(follower=user, person=person).exists())


def feed_of(user: User) -> Found:
    """Public pictures of those whom they follow."""
    return Found(Post.objects.approved(), follower=user.pk)
