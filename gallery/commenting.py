"""The verbs about comments: write one, take it back, report one. What moderators do is `moderation`'s."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal
from gallery.models import Comment, CommentDecision, CommentReport, Notification, Post
from gallery.models.comments import COMMENT_CHARS
from gallery.notifying import notify
from gallery.sanctions import refuse_suspended
from gallery.screening import flags_of_rules, flags_of_words
from gallery.transitions import BATCH, MOVES, move, record
from gallery.words import JOINERS, is_seen

LIMITS = ((timedelta(minutes=1), 5), (timedelta(hours=1), 30), (timedelta(days=1), 100))
"""Comments of one person in a time."""


def clean_words(text: str) -> str:
    """1 to 1,000 characters of plain text: no control characters, none that turn the order of letters around, and at
    most one empty line in a row."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(one for one in text if one == "\n" or is_seen(one))
    lines = [" ".join(line.split()) for line in kept.split("\n")]
    words = "\n".join(line for index, line in enumerate(lines) if line or (index and lines[index - 1])).strip()
    if not words.strip(JOINERS + "\n "):
        raise Refusal("words-missing", "Write something first.", field="words")
    if len(words) > COMMENT_CHARS:
        raise Refusal("words-too-long", f"Say it in at most {COMMENT_CHARS:,} characters.", field="words")
    return words


def write_comment(user: User, post: Post, words: str) -> Comment:
    """Say something about a public post.

    Raises Refusal for the words, Conflict where the post is no longer public, QuotaExceeded past LIMITS, NotAllowed for
    who is suspended.
    """
    if not post.is_public:
        raise Conflict("not-public", "This picture is no longer in the gallery.")
    refuse_suspended(user)
    words = clean_words(words)
    flags = flags_of_words(words) + flags_of_rules(user, words, "")
    state, now = (Comment.State.PENDING if flags else Comment.State.APPROVED), timezone.now()
    with transaction.atomic():
        hold_account(user)
        for period, most in LIMITS:
            if Comment.objects.of(user).filter(submitted_at__gt=now - period).count() >= most:
                raise QuotaExceeded("too-many-comments", "That were many comments in a short time. Try again later.")
        comment = Comment.objects.create(
            post=post, author=user, words=words, state=state, flags=flags, submitted_at=now,
            approved_at=None if flags else now,
        )  # fmt: skip
        record(comment, CommentDecision.Verb.PUBLISH, user, "", "", state)
        if state == Comment.State.APPROVED:
            notify(post.author, Notification.Kind.COMMENT, user, post)
    return comment


def take_back(user: User, comment: Comment) -> None:
    """One's own leaves the page at once, and its words are gone. NotFound when it is somebody else's."""
    if comment.author_id != user.pk:
        raise NotFound("not-found", "There is no such comment, or it is not yours.")
    move(comment, CommentDecision.Verb.WITHDRAW, user, words="", flags=[])


def erase_comments(user: User) -> None:
    """Take away the words of all that a person wrote, and of what they reported; the rows stay."""
    keys = list(Comment.objects.of(user).exclude(words="").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        rows = Comment.objects.filter(pk__in=keys[start : start + BATCH])
        for comment in rows.filter(state__in=MOVES[CommentDecision.Verb.WITHDRAW].sources):
            take_back(user, comment)
        rows.update(words="", flags=[])
    CommentReport.objects.filter(comment__author=user).update(quoted="")
    CommentReport.objects.filter(user=user).exclude(words="").update(words="")
