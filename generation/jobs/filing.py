"""Filing pictures, so that their owner finds them again: by checkpoint, LoRA, size and words, and by a star."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from accounts.models import User
from generation.models import GeneratedImage, PictureFacet, PictureLora
from generation.models.picture_search import index_words, indexed_text

FILED_AT_ONCE = 500
MOST_FILED_AT_ONCE = 5000


def keep_image(**fields: Any) -> GeneratedImage:
    """The row of a finished picture, filed; inside the transaction of whoever ends what made it."""
    words = indexed_text(fields["owner_id"], fields["prompt"])
    image = GeneratedImage(**fields, checkpoint=checkpoint_of(fields["recipe_json"]), search_words=words, is_filed=True)
    image.save(force_insert=True)
    _write_beside([image])
    return image


def file_images() -> int:
    """File what is not filed yet: pictures from before the update that brought this, or of an older worker."""
    filed = 0
    # Looked for outside the transaction: on SQLite that would keep all other writers waiting, every time for nothing.
    while filed < MOST_FILED_AT_ONCE and GeneratedImage.objects.unfiled().exists():
        with transaction.atomic():
            images = list(GeneratedImage.objects.unfiled().order_by("pk").select_for_update()[:FILED_AT_ONCE])
            for image in images:
                image.checkpoint, image.is_filed = checkpoint_of(image.recipe_json), True
                image.search_words = indexed_text(image.owner_id, image.prompt)
            GeneratedImage.objects.bulk_update(images, ["checkpoint", "search_words", "is_filed"], batch_size=100)
            _write_beside(images)
        filed += len(images)
    return filed


def star_images(user: User, codes: Sequence[str], starred: bool) -> list[str]:
    """Star the person's own pictures among `codes`, or take the star off; the codes of those that are theirs."""
    rows = GeneratedImage.objects.of(user).kept().filter(code__in=codes)
    own = list(rows.values_list("code", flat=True))
    rows.filter(code__in=own).update(is_starred=starred)
    return own


def size_name(width: int, height: int) -> str:
    return f"{width}x{height}"


def checkpoint_of(recipe_json: dict[str, Any]) -> str:
    return str(recipe_json.get("checkpoint", ""))[:100]


def _write_beside(images: Iterable[GeneratedImage]) -> None:
    """The rows that point at these pictures. May be repeated."""
    facets, loras = set(), []
    for image in images:
        second = image.recipe_json.get("hires", {}).get("loras", ())
        names = {str(pick["name"])[:100] for pick in (*image.recipe_json.get("loras", ()), *second)}
        loras += [PictureLora(image=image, owner_id=image.owner_id, name=name) for name in sorted(names)]
        facets |= {(image.owner_id, PictureFacet.Kind.SIZE, size_name(image.width, image.height))}
        facets |= {(image.owner_id, PictureFacet.Kind.LORA, name) for name in names}
        if image.checkpoint:
            facets.add((image.owner_id, PictureFacet.Kind.CHECKPOINT, image.checkpoint))
    PictureLora.objects.bulk_create(loras, ignore_conflicts=True)
    # In one order, so that two who file at once do not wait for each other's rows.
    rows = [PictureFacet(owner_id=owner, kind=kind, value=value) for owner, kind, value in sorted(facets)]
    PictureFacet.objects.bulk_create(rows, ignore_conflicts=True)
    index_words(images)
