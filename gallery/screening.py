"""What runs before a moderator looks: the block list, and whether the picture was seen before. No more is decided."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.refusals import Conflict, Refusal
from gallery.models import BlockedPhrase, BlockedPicture, ModerationAct, Post, Subject
from gallery.words import folded_words, spaced
from generation.catalog.safeguards.screening import Screened, breaches_of, screen
from generation.imaging.pdq import SURE_QUALITY
from generation.models import Fingerprint
from generation.models.fingerprints import chunks_of
from generation.prompting.phrases.rules import Effect
from generation.storage.fingerprints import fingerprint_of

MOST_NAMED = 3
MOST_NEAR = 500
"""Of one picture that was made over and over, the nearest so many are looked through for posts."""


def flags_of_words(*texts: str) -> list[str]:
    """What moderators should know about these texts. Raises Refusal where the block list refuses them."""
    text = spaced([word for part in texts for word in (*folded_words(part), "·")])
    rules = [
        rule
        for rule in BlockedPhrase.objects.filter(is_active=True)
        if (words := folded_words(rule.phrase)) and spaced(words) in text
    ]
    for rule in rules:
        if rule.effect == BlockedPhrase.Effect.REFUSE:
            raise Refusal("blocked-words", f"Pictures about “{rule.phrase}” are not taken into this gallery.")
    return [f"Says “{rule.phrase}”" + (f": {rule.note}" if rule.note else "") for rule in rules]


def flags_of_rules(user: User, prompt: str, negative_prompt: str) -> list[str]:
    """What the rules about prompts ask moderators to look at: they may have changed since the picture was made.

    `prompt` is all that the public reads beside the picture. Raises Refusal where a rule blocks it.
    """
    text = Screened(prompt, negative_prompt, field="words")
    screen(user, [text])
    return [
        f"{breach.rule.title}: {', '.join(f'“{word}”' for word in breach.words)}"
        for breach in breaches_of(text)
        if breach.rule.effect is Effect.REVIEW
    ]


def flags_of_picture(fingerprint: Fingerprint, *, besides: int | None = None) -> list[str]:
    """What moderators should know about the picture: blocked ones that it looks like, and posts, whatever became of
    them; `besides` leaves one post out. Raises Refusal where it shows a picture that is refused.
    """
    if fingerprint.quality < SURE_QUALITY:
        return []
    blocked = BlockedPicture.objects.filter(is_active=True).near(fingerprint.pdq)
    rules = BlockedPicture.objects.in_bulk([pk for pk, _ in blocked[:MOST_NAMED]])
    if any(rule.effect == BlockedPicture.Effect.REFUSE for rule in rules.values()):
        raise Refusal("blocked-picture", "This gallery has refused this picture before, or one that looks like it.")
    flags = ["Looks like a blocked picture" + (f": {rule.note}" if rule.note else "") for rule in rules.values()]
    alike = posts_alike(fingerprint).exclude(pk=besides or 0)[:MOST_NAMED]
    return flags + [f"Looks like “{post.title}” ({post.get_state_display().lower()})" for post in alike]


def posts_alike(fingerprint: Fingerprint) -> QuerySet[Post]:
    """Posts in any state that show the same picture to the eye, the newest first."""
    near = Fingerprint.objects.telling(SURE_QUALITY).near(fingerprint.pdq)[:MOST_NEAR]
    rows: QuerySet[Post] = Post.objects.filter(fingerprint__in=[pk for pk, _ in near]).order_by("-pk")
    return rows


def block_picture(moderator: User, post: Post, note: str = "") -> BlockedPicture:
    """Let no post show this picture again. Raises Conflict for a picture so flat that its fingerprint means nothing."""
    fingerprint = post.fingerprint or (fingerprint_of(post.image) if post.image else None)
    if fingerprint is None or fingerprint.quality < SURE_QUALITY:
        raise Conflict(
            "no-fingerprint", "This picture is too plain, or gone: nobody could tell its copies from others."
        )
    return block_fingerprint(moderator, fingerprint, note, (Subject.POST, post.pk), post.author)


@transaction.atomic
def block_fingerprint(
    moderator: User, fingerprint: Fingerprint, note: str, case: tuple[str, int], person: User | None = None
) -> BlockedPicture:
    """As `block_picture`, of a picture that no post need show; `case` (subject and key) is what led to it."""
    fields = {"note": note[:200], "added_by": moderator, "is_active": True, **chunks_of(fingerprint.pdq)}
    ModerationAct.objects.create(
        who=moderator, verb=ModerationAct.Verb.PICTURE_BLOCKED, subject=case[0], subject_id=case[1], person=person,
        words=note,
    )  # fmt: skip
    return BlockedPicture.objects.update_or_create(pdq=fingerprint.pdq, defaults=fields)[0]
