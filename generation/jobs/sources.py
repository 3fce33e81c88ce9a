"""Pictures to start from: bringing and deleting them, and the files that hold them. Which of them a recipe may name is
asked in `pinning`; what is done with their pixels is the engine's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, Protocol

import structlog
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Count, Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import QuotaExceeded, Refusal
from generation.imaging.brought import Brought, alpha_mask, bring
from generation.imaging.png_chunks import png_texts
from generation.imaging.provenance import DRAWN_FROM_TEXT, DRAWN_OVER_A_PICTURE, XMP_KEYWORD, source_type_in
from generation.imaging.untrusted import MAX_FILE_BYTES
from generation.jobs.pinning import expiry_of, prolong
from generation.models import GeneratedImage, Job, SourcePicture
from generation.models.jobs import new_code
from generation.storage import files
from generation.storage.signing import trusted_certificates

logger = structlog.get_logger(__name__)

FOLDER = "sources"
NAME_CHARS = 200


class Upload(Protocol):
    """A file as a browser sent it: Django's uploaded files are such."""

    @property
    def name(self) -> str | None: ...

    def read(self, _size: int = -1, /) -> bytes: ...


def bring_picture(user: User, file: Upload | IO[bytes]) -> SourcePicture:
    """Keep a picture to start from; the same one again is kept anew for as long. Raises Refusal: PictureRefused for
    what is not read here, QuotaExceeded beyond the plan, NoRoom where the disk is full."""
    # One byte more than is allowed tells a file that is too large, without reading all of it.
    brought = bring(file.read(MAX_FILE_BYTES + 1), trusted_certificates())
    return keep(user, brought, _name(str(getattr(file, "name", "") or "")))


def alpha_mask_of(user: User, source: SourcePicture) -> SourcePicture:
    """What a picture's transparent places are as a mask, kept as a picture of its own. Refuses an opaque one."""
    if not source.has_alpha:
        raise Refusal("no-alpha", "Nothing of this picture is transparent: send a mask.", field="mask")
    return bring_picture(user, ContentFile(alpha_mask(files.read_kept(source.file)), f"Mask of {source.name}"))


def keep(user: User, brought: Brought, name: str) -> SourcePicture:
    """Write the files, then the row. Raises QuotaExceeded, NoRoom."""
    sha256, size = brought.sha256, len(brought.file) + len(brought.thumbnail)
    with transaction.atomic():
        # Locked until the row is there, or two at once could both pass the limits.
        hold_account(user)
        if known := SourcePicture.objects.of(user).filter(sha256=sha256).first():
            prolong(user, [sha256])
            known.refresh_from_db()
            return known
        _check_room(user, size)
        code, written = new_code(), []
        try:
            for kind, data in (("-source.png", brought.file), ("-small.webp", brought.thumbnail)):
                written.append(files.write(f"{FOLDER}/{timezone.now():%Y/%m}/{code}{kind}", data))
            return SourcePicture.objects.create(
                code=code,
                owner=user,
                name=name,
                file=written[0],
                thumbnail=written[1],
                width=brought.width,
                height=brought.height,
                size_bytes=size,
                sha256=sha256,
                has_alpha=brought.has_alpha,
                is_blank=brought.is_blank,
                source_type=brought.source_type,
                mark=brought.mark,
                prompt=brought.prompt,
                expires_at=expiry_of(user),
            )
        except BaseException:
            files.discard(*written)
            raise


def delete_source(source: SourcePicture) -> None:
    """Delete it with its files, also where a kept picture or a waiting job needs it: that job then fails, refunded."""
    source.delete()
    transaction.on_commit(lambda: files.discard(source.file, source.thumbnail))


def source_type_of_job(job: Job) -> str:
    """IPTC's term for what the job draws: over a picture, unless all that it starts from was drawn by a machine."""
    told = {_source_type(job, picture.sha256) for picture in job.recipe.sources}
    return DRAWN_FROM_TEXT if told <= {DRAWN_FROM_TEXT} else DRAWN_OVER_A_PICTURE


def source_type_of_jobs(jobs: Iterable[Job]) -> str:
    """The same of one picture of what they draw: over a picture as soon as one of them is."""
    told = {source_type_of_job(job) for job in {job.recipe.sources: job for job in jobs}.values()}
    return DRAWN_FROM_TEXT if told <= {DRAWN_FROM_TEXT} else DRAWN_OVER_A_PICTURE


def _source_type(job: Job, sha256: str) -> str:
    brought = SourcePicture.objects.filter(owner_id=job.owner_id, sha256=sha256).first()
    return brought.source_type if brought else _told_by_file(sha256)


def file_with(sha256: str) -> str:
    """The storage name of a picture's file, whoever keeps it: who may use it was asked when the job was queued.
    Empty where nobody does any more."""
    for rows in (SourcePicture.objects.all(), GeneratedImage.objects.exclude(file="")):
        if name := rows.filter(sha256=sha256).values_list("file", flat=True).first():
            return str(name)
    return ""


def prune() -> dict[str, int]:
    """Delete pictures whose days are over, and files that no row has."""
    return {"sources": delete_expired(), "source_files": sweep_files()}


def delete_expired() -> int:
    """Delete those whose days are over, but for those that a kept picture was made from; how many."""
    gone = list(SourcePicture.objects.filter(expires_at__lt=timezone.now()).unneeded())
    for source in gone:
        delete_source(source)
    if gone:
        logger.info("sources_expired", count=len(gone))
    return len(gone)


def sweep_files() -> int:
    """Remove stored files that no row has, a day after they were written."""
    swept = list(orphans())
    files.discard(*swept)
    return len(swept)


def orphans() -> Iterator[str]:
    """Names of stored files that no row has, a day after they were written."""
    for _, names in files.folders(FOLDER):
        rows = SourcePicture.objects.filter(code__in={files.code_in(name) for name in names})
        used = {name for row in rows.values_list("file", "thumbnail") for name in row}
        yield from files.orphans_among(name for name in names if name not in used)


def room_of(user: User) -> tuple[int, int]:
    """How many pictures to start from somebody keeps, and their bytes."""
    kept = SourcePicture.objects.of(user).aggregate(count=Count("pk"), size=Sum("size_bytes"))
    return kept["count"], int(kept["size"] or 0)


def _check_room(user: User, more: int) -> None:
    count, size = room_of(user)
    if count >= user.plan.max_sources:
        sentence = f"Your plan keeps {user.plan.max_sources} pictures to start from; delete some to make room."
        raise QuotaExceeded("too-many-sources", sentence, field="file")
    if size + more > user.plan.source_bytes:
        held, most = filesizeformat(size), filesizeformat(user.plan.source_bytes)
        sentence = f"Your pictures to start from take {held} of {most}; delete some to make room."
        raise QuotaExceeded("sources-full", sentence, field="file")


def _name(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in last)[:NAME_CHARS]


def _told_by_file(sha256: str) -> str:
    """What a picture made here says of itself."""
    name = file_with(sha256)
    try:
        return source_type_in(png_texts(files.read(name)).get(XMP_KEYWORD, "")) if name else ""
    except FileNotFoundError:
        return ""
