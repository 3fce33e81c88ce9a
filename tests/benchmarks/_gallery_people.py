"""Who asks in the benchmark `gallery`, and what people did with its posts: likes, comments, reports, collections.

One post has 10,000 comments, one collection 2,000 pictures, one person 300 notifications: the most that there can be
of the latter two.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.benchmarks._gallery_rows import AUTHORS, World, now
from tests.benchmarks._staged_rows import insert, stage, unhindered

COMMENTS_OF_ONE = 10_000
REPORTED_EVERY = 500
FOLLOWED = 40


def settle(world: World) -> None:
    """Once, when the first posts are there."""
    from gallery.collecting import MOST_POSTS
    from gallery.models import CollectedPost, Collection, Follow, Notification, Post
    from gallery.notifying import MOST_KEPT

    busy, reader = world.people["somebody"], world.people["reader"]
    count = len(world.authors)
    pairs = {(number, (number + 1 + each) % count) for number in range(count) for each in range(FOLLOWED)}
    pairs = {pair for pair in pairs if world.authors[pair[0]] != reader}
    pairs |= {(world.authors.index(reader), count - 1 - each) for each in range(3)}
    follows = [Follow(follower=world.authors[one], person=world.authors[other]) for one, other in sorted(pairs)]
    Follow.objects.bulk_create([each for each in follows if each.follower != each.person])
    public = list(Post.objects.public().order_by("pk")[:MOST_POSTS])
    shown = Collection.Visibility.PUBLIC
    made = [Collection(owner=busy, title=f"Collection {number}", visibility=shown) for number in range(30)]
    full, *_ = Collection.objects.bulk_create(made)
    CollectedPost.objects.bulk_create([CollectedPost(collection=full, post=post, added_by=busy) for post in public])
    told = [
        Notification(
            person=busy, kind=("like", "comment", "follow")[number % 3],
            post=public[number] if number % 3 < 2 else None,
            actor=world.authors[1 + number], group=f"n{number}", at=now() - timedelta(hours=number),
        )
        for number in range(MOST_KEPT)
    ]  # fmt: skip
    Notification.objects.bulk_create(told)
    add_talk(public[0].pk, world.authors[1].pk)


def add_talk(post: int, author: int) -> None:
    """Ten thousand comments on one post."""
    from gallery.models import Comment

    stage("numbers", {"n": "bigint"}, ((number,) for number in range(COMMENTS_OF_ONE)))
    like = Comment(post_id=post, words="Fine.", state=Comment.State.APPROVED, submitted_at=now(), approved_at=now())
    insert(like, {"code": "'h' || n", "author_id": f"{author} + n % {AUTHORS - 1}"}, "numbers")


def talk(world: World) -> None:
    """Likes, comments and reports of what `fill` wrote last."""
    from gallery.models import Comment, Like, Report

    some = f"{world.authors[0].pk} + (id * 31 + n * 97) % {AUTHORS}"
    public = "staged JOIN (SELECT n FROM numbers WHERE n < 4) few ON state = 'approved' AND n < id % {}"
    stage("numbers", {"n": "bigint"}, ((number,) for number in range(COMMENTS_OF_ONE)))
    with unhindered(Comment, Like, Report):
        insert(Like(), {"user_id": some, "post_id": "id"}, public.format(4))
        words = {"code": "'c' || (id * 10 + n)", "author_id": some, "post_id": "id", "words": "title"}
        approved = Comment(state=Comment.State.APPROVED)
        insert(approved, {**words, "submitted_at": "at", "approved_at": "at"}, public.format(3))
        waits = f"{public.format(3)} WHERE id % {REPORTED_EVERY} = 1"
        waiting = {**words, "code": "'w' || (id * 10 + n)", "submitted_at": "at"}
        insert(Comment(state=Comment.State.PENDING), waiting, waits)
        reported = f"{public.format(2)} WHERE id % {REPORTED_EVERY} = 1"
        insert(Report(reason=Report.Reason.OTHER), {"user_id": some, "post_id": "id", "at": "at"}, reported)


def moderator() -> Any:
    """Who may decide, with a second factor."""
    from allauth.mfa.models import Authenticator
    from django.contrib.auth.models import Group

    from accounts.models import User
    from gallery.moderation import MODERATORS

    user = User.objects.create_user("moderator", "moderator@example.org", is_staff=True)
    user.groups.add(Group.objects.get_or_create(name=MODERATORS)[0])
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    return user
