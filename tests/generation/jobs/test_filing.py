"""Filing: what a picture is found by is written with its row, once, and goes with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.models import User
from generation.jobs import upkeep
from generation.jobs.filing import file_images
from generation.jobs.finding import Choice, choices_of
from generation.models import GeneratedImage, PictureFacet, PictureLora
from generation.models.picture_search import FTS_TABLE, forget_words
from tests.generation.conftest import Draw


def test_a_finished_picture_is_filed(alice: User, draw: Draw) -> None:
    image = draw(alice, "a Red apple, red <lora:line-art:0.5>")
    image.refresh_from_db()
    assert image.is_filed and image.checkpoint == "emoji-diffusion"
    assert image.search_words.split().count(f"o{alice.pk}xred") == 1
    assert [row.name for row in PictureLora.objects.filter(image=image, owner=alice)] == ["line-art"]
    assert file_images() == 0


def test_choices_are_each_persons_own_and_come_once(alice: User, charlie: User, draw: Draw) -> None:
    for owner, width in ((alice, 128), (alice, 192), (alice, 128), (charlie, 256)):
        draw(owner, "a <lora:line-art:0.5>", width=width)
    choices = choices_of(alice)
    assert [choice.value for choice in choices["size"]] == ["128x128", "192x128"]
    assert [choice.value for choice in choices["lora"]] == ["line-art"]
    assert choices["album"] == list[Choice]()
    assert PictureFacet.objects.filter(owner=alice).count() == 4


def test_upkeep_files_what_an_older_worker_left(alice: User, draw: Draw) -> None:
    draw(alice, "a red apple")
    GeneratedImage.objects.update(is_filed=False, checkpoint="", search_words="")
    assert upkeep.recover()["filed"] == 1
    assert GeneratedImage.objects.of(alice).matching("appl").count() == 1


def test_words_go_with_the_files_of_a_deleted_picture(alice: User, draw: Draw) -> None:
    image = draw(alice, "a secret")
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no index of its own to clear")
    # Tests with transactions of their own leave words behind: their tables are emptied, this index is none of Django's.
    forget_words()
    GeneratedImage.objects.filter(pk=image.pk).update(deleted_at=Now() - timedelta(days=2))
    assert upkeep.prune()["words"] == 1
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {FTS_TABLE}")
        assert cursor.fetchone() == (0,)


def test_words_are_looked_for_among_one_persons_pictures(db: None) -> None:
    with pytest.raises(ValueError, match="one person"):
        GeneratedImage.objects.matching("apple")
