"""The owner's verbs for a LoRA that should be everybody's: send it in with samples, take it back."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal
from gallery.models import Decision, Release, ReleaseSample
from gallery.sanctions import refuse_suspended
from gallery.screening import flags_of_words
from gallery.transitions import MOVES, move, move_all, record
from generation.catalog.loras.licences import may_share
from generation.catalog.loras.sharing import pictures_with
from generation.models import GeneratedImage, Lora

MOST_SAMPLES = 8
MOST_PENDING = 10
ALREADY = {
    Release.State.PENDING: "This LoRA is waiting for a moderator already.",
    Release.State.APPROVED: "This LoRA is public already.",
    Release.State.HIDDEN: "This LoRA is hidden until a moderator has looked at it.",
    Release.State.TAKEN_DOWN: "A moderator took this LoRA down; it cannot be published again.",
}


def release_lora(user: User, lora: Lora, samples: Sequence[str]) -> Release:
    """Send a LoRA in with one to eight own pictures, by their codes; it waits for a moderator.

    Raises NotFound for somebody else's, Conflict when it is there already, Refusal for licence, words and samples.
    """
    if lora.owner_id != user.pk:
        raise NotFound("not-found", "There is no such LoRA, or it is not yours.")
    refuse_suspended(user)
    if not lora.is_enabled:
        raise Conflict("quarantined", "This LoRA is quarantined; it cannot be published.")
    release = Release.objects.filter(lora=lora).first()
    if release is not None and release.state not in MOVES[Decision.Verb.PUBLISH].sources:
        raise Conflict("already-published", ALREADY[Release.State(release.state)])
    if not may_share(lora.licence):
        raise Refusal("licence-missing", "Choose a licence that lets others use the LoRA first.", field="licence")
    chosen = chosen_samples(user, lora, samples)
    flags = flags_of_words(lora.title, lora.description, lora.name, *lora.trigger_words, *(i.prompt for i in chosen))
    return _send_in(user, lora, release, chosen, flags)


def chosen_samples(user: User, lora: Lora, codes: Sequence[str]) -> list[GeneratedImage]:
    own = {image.code: image for image in pictures_with(user, lora)}
    wanted = list(dict.fromkeys(codes))
    if not 1 <= len(wanted) <= MOST_SAMPLES:
        raise Refusal("samples", f"Choose 1 to {MOST_SAMPLES} pictures that show what it does.", field="samples")
    if any(code not in own for code in wanted):
        raise Refusal("samples", "Choose pictures of yours that were drawn with this LoRA.", field="samples")
    return [own[code] for code in wanted]


def _send_in(
    user: User, lora: Lora, release: Release | None, chosen: Sequence[GeneratedImage], flags: list[str]
) -> Release:
    fields = {
        "title": lora.title, "licence": lora.licence, "trigger_words": lora.trigger_words,
        "flags": flags, "submitted_at": timezone.now(),
    }  # fmt: skip
    try:
        with transaction.atomic():
            hold_account(user)
            if Release.objects.of(user).filter(state=Release.State.PENDING).count() >= MOST_PENDING:
                sentence = f"{MOST_PENDING} of your LoRAs wait already. Wait for a moderator."
                raise QuotaExceeded("too-many-pending", sentence)
            if release is None:
                release = Release.objects.create(lora=lora, author=user, **fields)
                record(release, Decision.Verb.PUBLISH, user, "", "", Release.State.PENDING)
            else:
                move(release, Decision.Verb.PUBLISH, user, **fields)
            release.samples.all().delete()
            ReleaseSample.objects.bulk_create(
                ReleaseSample(release=release, image=image, place=place) for place, image in enumerate(chosen)
            )
    except IntegrityError as error:
        raise Conflict("already-published", ALREADY[Release.State.PENDING]) from error
    return release


def withdraw_release(user: User, release: Release) -> None:
    """Take one's own LoRA back: nobody else can pick it any more; pictures that were made with it stay."""
    if release.author_id != user.pk:
        raise NotFound("not-found", "There is no such LoRA, or it is not yours.")
    move(release, Decision.Verb.WITHDRAW, user, approved_at=None)


def withdraw_releases(user: User) -> int:
    """Take back every LoRA of one's own that is public or waits; how many."""
    return move_all(Release.objects.of(user), Decision.Verb.WITHDRAW, user, approved_at=None)
