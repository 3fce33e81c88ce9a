"""A LoRA that is there: its owner describes it, says who may use it, takes it away; others download it.

What is public about it is the gallery's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.refusals import Conflict, NotFound, Refusal
from generation.catalog import bucket
from generation.catalog.loras import files
from generation.catalog.loras.licences import LICENCES, licences_within, may_share
from generation.catalog.loras.naming import check_name, clean_description, clean_title, clean_words
from generation.models import GeneratedImage, Lora

MOST_PEOPLE = 50
PICTURES_READ = 400


def own_lora(user: User, name: str) -> Lora:
    """A LoRA of this person's own, in whatever state. NotFound for anybody else's."""
    lora: Lora | None = Lora.objects.filter(owner=user, name=name).first()
    if lora is None:
        raise NotFound("not-found", "There is no such LoRA, or it is not yours.")
    return lora


def describe(lora: Lora, **fields: Any) -> None:
    """Change title, description, licence (a key of the table), trigger_words, name, may_download: those that are given.

    What is public was approved as it is: its licence, words and name stay until it is withdrawn.
    """
    changes = {field: CLEANERS[field](lora, value) for field, value in fields.items()}
    changes = {field: value for field, value in changes.items() if getattr(lora, field) != value}
    if lora.is_public and (fixed := sorted(changes.keys() & FIXED_IN_PUBLIC)):
        raise Conflict("is-public", "This LoRA is public as it is. Withdraw it first, then change it.", field=fixed[0])
    for field, value in changes.items():
        setattr(lora, field, value)
    if lora.may_download and not may_share(lora.licence):
        raise Refusal("licence-forbids", "This licence does not let others have the file.", field="may_download")
    lora.save(update_fields=list(changes))


def _licence(lora: Lora, key: str) -> str:
    if key not in LICENCES:
        raise Refusal("unknown-licence", "Choose one of the licences.", field="licence")
    allowed = licences_within(lora.allowed_licences)
    if key not in allowed:
        titles = " or ".join(licence.title for licence in allowed.values())
        raise Refusal("licence-of-parents", f"What it was merged from allows only: {titles}.", field="licence")
    return LICENCES[key].title


CLEANERS: dict[str, Any] = {
    "title": lambda lora, text: clean_title(text),
    "description": lambda lora, text: clean_description(text),
    "licence": _licence,
    "trigger_words": lambda lora, words: clean_words(words),
    "name": lambda lora, name: name if name == lora.name else check_name(name),
    "may_download": lambda lora, wanted: bool(wanted),
}
FIXED_IN_PUBLIC = {"title", "description", "licence", "trigger_words", "name"}


def share(lora: Lora, usernames: Iterable[str]) -> None:
    """Let exactly these people use it, besides its owner. Raises Refusal naming whom the site does not know."""
    names = list(dict.fromkeys(name.strip().removeprefix("@") for name in usernames if name.strip()))
    if len(names) > MOST_PEOPLE:
        raise Refusal("too-many-people", f"A LoRA is shared with at most {MOST_PEOPLE} people.", field="people")
    people = {user.username: user for user in User.objects.filter(username__in=names, is_active=True)}
    if unknown := [name for name in names if name not in people]:
        raise Refusal("unknown-person", f"Nobody here is called “{unknown[0][:60]}”.", field="people")
    with transaction.atomic():
        # Locked, so that of two lists that come at once one stays, and not their sum.
        Lora.objects.select_for_update().get(pk=lora.pk)
        lora.shared_with.set(user for user in people.values() if user.pk != lora.owner_id)


def delete_lora(lora: Lora) -> None:
    """Remove row and file; recipes keep its name. Conflict while it is public."""
    if lora.is_public:
        raise Conflict("is-public", "This LoRA is public. Withdraw it first.")
    lora.delete()
    files.discard_unused(lora.path)
    if not Lora.objects.filter(sha256=lora.sha256).exists():
        bucket.withdraw(lora.sha256)


def downloadable(user: Any, name: str) -> tuple[Lora, Path | str] | None:
    """The row and where its file lies, on this disk or by its name in the bucket, if they may take it.

    Counted unless it is their own.
    """
    lora = Lora.objects.visible_to(user).filter(name=name).first()
    if lora is None or not (lora.owner_id == user.pk or lora.may_download):
        return None
    path = files.path_of_row(lora) or bucket.name_of_file(lora.sha256)
    if path and lora.owner_id != user.pk:
        Lora.objects.filter(pk=lora.pk).update(downloads=F("downloads") + 1)
    return (lora, path) if path else None


def pictures_with(user: User, lora: Lora) -> list[GeneratedImage]:
    """This user's own kept pictures that were drawn with the file, newest first, among their latest 400."""
    rows = GeneratedImage.objects.of(user).kept().filter(prompt__contains="<lora:", job__isnull=False)
    latest = rows.newest()[:PICTURES_READ]
    return [image for image in latest if lora.sha256 in {pick.sha256 for pick in image.recipe.every_lora}]
