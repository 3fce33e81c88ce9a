"""Pictures to start from: brought, found by who may, used by jobs, kept as long as they are needed, and deleted."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from accounts.credits import balance_of
from accounts.models import User
from accounts.refusals import NotFound, QuotaExceeded, Refusal
from generation.imaging import brought
from generation.imaging.png_chunks import png_texts
from generation.imaging.provenance import DRAWN_FROM_TEXT, DRAWN_OVER_A_PICTURE, XMP_KEYWORD, source_type_in
from generation.jobs import sources
from generation.jobs.deletion import delete_images
from generation.jobs.pinning import picture_of
from generation.jobs.sources import bring_picture, delete_source, source_type_of_job
from generation.jobs.upkeep import remove_files
from generation.models import Checkpoint, GeneratedImage, Job, PromptRule, SourcePicture
from generation.recipes.starting import PictureRef, Start
from generation.storage import files
from tests.generation.catalog.safeguards.test_screening import clay
from tests.generation.conftest import Draw, Queue, draw_next

__all__ = ["clay"]


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", lambda picture: None)


def upload(colour: object = "red", size: tuple[int, int] = (128, 128), name: str = "photo.jpg") -> ContentFile[bytes]:
    data = io.BytesIO()
    mode = "RGBA" if isinstance(colour, tuple) and len(colour) == 4 else "RGB"
    Image.new(mode, size, colour).save(data, "PNG")  # type: ignore[arg-type]
    return ContentFile(data.getvalue(), name)


def bring(user: User, colour: object = "red", **more: Any) -> SourcePicture:
    return bring_picture(user, upload(colour, **more))


def start(source: SourcePicture, mask: SourcePicture | None = None, **more: Any) -> Start:
    refs = [PictureRef(row.sha256, row.width, row.height, row.code) for row in (source, mask) if row]
    return Start(refs[0], mask=refs[1] if mask else None, **more)


def test_it_is_kept_for_its_owner(alice: User) -> None:
    source = bring(alice, name="../C:\\photos\\me\n.jpg")
    assert (source.name, source.width, source.has_alpha, source.is_blank) == ("me\ufffd.jpg", 128, False, False)
    assert files.is_there(source.file) and files.is_there(source.thumbnail)
    assert source.expires_at - timezone.now() > timedelta(days=alice.plan.source_days - 1)


def test_the_same_again_is_kept_for_longer(alice: User) -> None:
    source = bring(alice)
    SourcePicture.objects.update(expires_at=timezone.now())
    assert bring(alice).pk == source.pk and SourcePicture.objects.get().expires_at > timezone.now() + timedelta(days=9)


def test_two_people_may_bring_one_picture(alice: User, charlie: User) -> None:
    assert bring(alice).sha256 == bring(charlie).sha256


@pytest.mark.parametrize(
    ("limit", "code"), [({"max_sources": 1}, "too-many-sources"), ({"source_bytes": 900}, "sources-full")]
)
def test_a_plan_has_room_for_so_many(alice: User, limit: dict[str, int], code: str) -> None:
    vars(alice.plan).update(limit)
    with pytest.raises(QuotaExceeded) as refused:
        for colour in ("red", "green", "blue"):
            bring(alice, colour)
    assert refused.value.code == code
    assert sum(len(names) for _, names in files.folders(sources.FOLDER)) == 2 * SourcePicture.objects.count()


def test_pictures_are_found_by_code_and_hash(alice: User, draw: Draw) -> None:
    source, image = bring(alice), draw(alice)
    for row in (source, image):
        found = PictureRef(row.sha256, row.width, row.height, row.code)
        assert picture_of(alice, row.code) == picture_of(alice, row.sha256) == found


def test_somebody_elses_are_not_there(alice: User, charlie: User, draw: Draw) -> None:
    for row in (bring(alice), draw(alice)):
        for word in (row.code, row.sha256):
            with pytest.raises(NotFound) as refused:
                picture_of(charlie, word)
            assert refused.value.code == "unknown-picture"


def test_a_deleted_picture_is_not_there(alice: User, draw: Draw) -> None:
    image = draw(alice)
    delete_images(alice, [image.code])
    with pytest.raises(NotFound):
        picture_of(alice, image.code)


def test_a_job_starts_from_it_and_costs_the_steps_it_draws(alice: User, queue: Queue) -> None:
    source = bring(alice)
    SourcePicture.objects.update(expires_at=timezone.now())
    whole, half = (
        queue(alice, steps=40, width=512, height=512, **more)[0]
        for more in ({}, {"start": start(source, strength=0.5)})
    )
    assert (whole.credits, half.credits) == (4, 2) and half.work == whole.work / 2
    assert half.recipe.start == start(source, strength=0.5)
    source.refresh_from_db()
    assert source.expires_at > timezone.now() + timedelta(days=9), "using it prolongs its days"


@pytest.mark.parametrize("spoiled", ["stranger", "deleted", "other size"])
def test_what_may_not_be_used_is_refused_and_costs_nothing(
    alice: User, charlie: User, queue: Queue, spoiled: str
) -> None:
    source = bring(charlie if spoiled == "stranger" else alice)
    named = start(source)
    if spoiled == "deleted":
        delete_source(source)
    if spoiled == "other size":
        named = Start(PictureRef(source.sha256, 64, 64, source.code))
    balance = balance_of(alice)
    with pytest.raises(NotFound) as refused:
        queue(alice, start=named)
    assert (refused.value.code, refused.value.field) == ("unknown-picture", "source")
    assert balance_of(alice) == balance and not Job.objects.exists()


def test_an_empty_mask_is_refused(alice: User, queue: Queue) -> None:
    with pytest.raises(Refusal, match="The mask is empty") as refused:
        queue(alice, start=start(bring(alice), bring(alice, "black")))
    assert refused.value.code == "empty-mask"


def test_an_empty_mask_of_a_picture_that_grows_is_none_too_many(alice: User, queue: Queue) -> None:
    """The new ground is drawn."""
    named = start(bring(alice), bring(alice, "black"), grow=(8, 0, 0, 0))
    assert queue(alice, start=named)


def test_an_inpainting_checkpoint_needs_a_mask(alice: User, queue: Queue) -> None:
    Checkpoint.objects.update(is_inpainting=True)
    source = bring(alice)
    for from_what in ({}, {"start": start(source)}):
        with pytest.raises(Refusal, match="needs a picture and a mask") as refused:
            queue(alice, **from_what)
        assert (refused.value.code, refused.value.field) == ("needs-a-mask", "checkpoint")
    assert queue(alice, start=start(source, bring(alice, "white")))


def test_rules_hold_for_the_recipe_in_a_picture(alice: User, queue: Queue, clay: PromptRule) -> None:
    source = bring(alice)
    SourcePicture.objects.update(prompt="a pot of clay")
    with pytest.raises(Refusal) as refused:
        queue(alice, start=start(source))
    assert (refused.value.code, refused.value.field) == ("prompt-rule", "source")


@pytest.mark.parametrize(("said", "term"), [("", DRAWN_OVER_A_PICTURE), (DRAWN_FROM_TEXT, DRAWN_FROM_TEXT)])
def test_what_is_drawn_over_a_photograph_says_so(alice: User, queue: Queue, said: str, term: str) -> None:
    source = bring(alice)
    SourcePicture.objects.update(source_type=said)
    queue(alice, start=start(source))
    image = draw_next()
    assert image is not None
    assert source_type_in(png_texts(files.read(image.file))[XMP_KEYWORD]) == term


def test_what_is_drawn_over_that_says_so_too(alice: User, queue: Queue) -> None:
    queue(alice, start=start(bring(alice)))
    first = draw_next()
    assert first is not None
    ref = picture_of(alice, first.code)
    (job,) = queue(alice, start=Start(ref))
    assert source_type_of_job(job) == DRAWN_OVER_A_PICTURE


def test_what_is_drawn_over_a_picture_of_ours_is_drawn(alice: User, queue: Queue, draw: Draw) -> None:
    ref = picture_of(alice, draw(alice).code)
    assert source_type_of_job(queue(alice, start=Start(ref))[0]) == DRAWN_FROM_TEXT


def test_its_infotext_names_it(alice: User, queue: Queue) -> None:
    source = bring(alice)
    queue(alice, start=start(source, strength=0.5))
    image = draw_next()
    assert image is not None and f"Init image hash: {source.sha256}" in image.infotext
    assert "Denoising strength: 0.5" in image.infotext


def over() -> None:
    SourcePicture.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def test_it_is_deleted_when_its_days_are_over(alice: User) -> None:
    bring(alice)
    assert sources.prune() == {"sources": 0, "source_files": 0}
    over()
    assert sources.prune()["sources"] == 1
    assert not SourcePicture.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_its_files_go_with_it(alice: User) -> None:
    source = bring(alice)
    delete_source(source)
    assert not files.is_there(source.file) and not files.is_there(source.thumbnail)


def test_it_stays_while_a_kept_picture_needs_it(alice: User, queue: Queue) -> None:
    queue(alice, start=start(bring(alice), bring(alice, "white")))
    image = draw_next()
    assert image is not None and image.source_uses.count() == 2
    over()
    assert sources.delete_expired() == 0
    delete_images(alice, [image.code])
    assert sources.delete_expired() == 0, "the picture may still be taken back"
    remove_files(GeneratedImage.objects.filter(pk=image.pk))
    assert sources.delete_expired() == 2


def test_files_without_a_row_are_swept_after_a_day(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    source = bring(alice)
    files.write(f"{sources.FOLDER}/2026/01/lost-source.png", b"x")
    assert list(sources.orphans()) == []
    monkeypatch.setattr(files, "ORPHAN_KEPT_FOR", timedelta(seconds=-5))
    assert sources.sweep_files() == 1
    assert files.is_there(source.file)
