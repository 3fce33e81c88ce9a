"""A file becomes somebody's private LoRA: an upload, or what the site made for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User, new_code
from accounts.quotas import hold_account
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal, counted
from generation.catalog import bucket
from generation.catalog.loras import files, versions
from generation.catalog.loras.naming import WORD_CHARS, clean_line, free_name
from generation.models import Lora
from generation.storage.quota import check_room
from generation.weightfiles.classify import WeightFile, read_weightfile
from generation.weightfiles.hashing import stamp_of
from generation.weightfiles.kinds import kind_of
from generation.weightfiles.safetensors_header import WeightFileRefused, read_header

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in. `name` is what the sender calls it, shown to people alone; `version_of` an own LoRA."""

    name: str
    size: int
    chunks: Iterable[bytes]
    version_of: Lora | None = None


def add_upload(user: User, upload: Upload) -> Lora:
    """Check a file and keep it as a private LoRA. Raises Refusal; then nothing of it is left.

    The checks read its header alone, before any library opens it; the numbers inside are checked by the engine when it
    first loads the file. Whether somebody else has the same file is not told.
    """
    check_limits(user, upload.size)  # before the bytes are written
    most = settings.LORA_UPLOAD_MB * 1024**2
    if upload.size > most:
        raise files.TooLarge("too-large", f"The file is larger than {settings.LORA_UPLOAD_MB} MiB.", field="file")
    part = files.fresh_file("uploads")
    try:
        files.write_chunks(part, upload.chunks, most)
        weights = checked(part)
        stem = clean_line(upload.name).removesuffix(".safetensors")
        with transaction.atomic():
            hold_account(user)
            check_limits(user, weights.size_bytes)
            return register_file(user, part, "uploads", weights, stem, version_of=upload.version_of)
    finally:
        part.unlink(missing_ok=True)


def check_limits(user: User, size_bytes: int) -> None:
    """Raises QuotaExceeded where the plan has no room for one more file of this size."""
    allowed = user.plan.max_lora_uploads
    if Lora.objects.filter(owner=user, path__startswith="uploads/").count() >= allowed:
        held = counted(allowed, "uploaded LoRA")
        raise QuotaExceeded("too-many-loras", f"Your plan holds {held}. Delete one to make room.")
    check_room(user, size_bytes)


def checked(path: Path) -> WeightFile:
    """What the file is, from its header. Raises Refusal unless it is a LoRA that can be drawn with."""
    try:
        kind = kind_of(read_header(path).tensors)
        if kind != "lora":
            raise Refusal("not-a-lora", f"The file is a {kind}; only LoRAs are taken here.", field="file")
        return read_weightfile(path)
    except WeightFileRefused as refused:
        sentence = str(refused).replace(f"“{path.name}”", "The file").replace(f"“{path.stem}”", "The file")
        raise Refusal(refused.code, sentence, field="file") from refused


def register_file(
    user: User, part: Path, folder: str, weights: WeightFile, title: str, *, version_of: Lora | None = None
) -> Lora:
    """Move a checked file to its place and give it a row of this person's own. Conflict when they have it already."""
    titled = clean_line(weights.metadata.get("modelspec.title", "") or title) or "LoRA"
    # Before the transaction, since it takes long; where no row comes of it, upkeep sweeps it.
    bucket.publish(part, weights.sha256, f"{weights.sha256}.safetensors")
    with transaction.atomic():
        hold_account(user)
        mine = Lora.objects.filter(owner=user, sha256=weights.sha256).first()
        if mine is not None:
            raise Conflict("already-yours", f"You have this file already, as “{mine.title}”.", field="file")
        path = files.move_into_place(part, folder, weights.sha256)
        lora = Lora(
            name=free_name(titled, f"lora-{weights.autov2}"),
            title=titled,
            file_name=clean_line(title, 200),
            family=weights.family,
            path=path,
            stamp=stamp_of(files.root() / path),
            sha256=weights.sha256,
            size_bytes=weights.size_bytes,
            rank=weights.rank,
            trigger_words=[word for word in (clean_line(each, WORD_CHARS) for each in weights.trigger_words) if word],
            lora_hash=weights.lora_hash,
            left_out=weights.left_out[:300],
            owner=user,
            is_public=False,
        )
        take_over_quarantine(lora)
        if version_of is not None:
            # Read again: the version before it may have come, or gone, meanwhile.
            former = Lora.objects.filter(pk=version_of.pk).first()
            if former is None:
                raise NotFound("not-found", "There is no such LoRA, or it is not yours.", field="version_of")
            versions.join(lora, former)
        try:
            with transaction.atomic():
                lora.save()
        except IntegrityError:  # somebody else took the name since our look
            lora.name = f"{lora.name[:80]}-{new_code()}"
            lora.save()
    logger.info("lora_added", lora=lora.name, sha256=lora.sha256, folder=folder)
    return lora


def take_over_quarantine(lora: Lora) -> None:
    """The same bytes that stopped workers before stay quarantined, whoever uploads them."""
    before = Lora.objects.filter(sha256=lora.sha256, quarantined_at__isnull=False).first()
    if before is not None:
        lora.is_enabled, lora.quarantined_at = False, timezone.now()
        lora.quarantine_reason = before.quarantine_reason
