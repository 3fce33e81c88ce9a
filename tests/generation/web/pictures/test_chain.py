"""The chain on the page of a picture: what it was made from, what was made from it, and both side by side."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from accounts.models import User
from generation.imaging import brought
from generation.jobs.deletion import delete_images
from generation.jobs.sources import bring_picture, delete_source
from generation.models import GeneratedImage
from generation.recipes.enlarging import Enlarge
from generation.recipes.inversion import Inversion, Inverted
from generation.recipes.starting import PictureRef, Start
from generation.web.pictures.chain import box_of, chain_of
from tests.generation.conftest import Draw


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", lambda picture: None)


def changed(draw: Draw, user: User, image: GeneratedImage, **more: Any) -> GeneratedImage:
    source = PictureRef(image.sha256, image.width, image.height, image.code)
    return draw(user, "a pear", start=Start(source, **more))


def test_it_tells_every_step_both_ways(alices: Client, alice: User, draw: Draw) -> None:
    first = draw(alice)
    second = changed(draw, alice, first)
    third = changed(draw, alice, second, strength=0.5)
    assert [link.url for link in chain_of(alice, third).before] == [f"/images/{each.code}/" for each in (second, first)]
    assert [each.code for each in chain_of(alice, first).after] == [second.code]
    page = alices.get(f"/images/{third.code}/").text
    assert "Made from" in page and "Compare with its source" in page and "Made from it" not in page
    assert "<dd>0.5</dd>" in page
    assert "Made from it" in alices.get(f"/images/{first.code}/").text
    assert "data-comparison" not in alices.get(f"/images/{first.code}/").text


def test_upscales_and_edits_by_words_are_links_of_it(alice: User, draw: Draw) -> None:
    first = draw(alice)
    ref = PictureRef(first.sha256, first.width, first.height, first.code)
    larger = draw(alice, enlarge=Enlarge(ref, 1.5))
    edited = draw(alice, "a pear", inversion=Inversion(Inverted(ref, "an apple")))
    assert [each.code for each in chain_of(alice, first).after] == [larger.code, edited.code]
    for each in (larger, edited):
        chain = chain_of(alice, each)
        assert [link.url for link in chain.before] == [f"/images/{first.code}/"]
        assert chain.comparison is not None and chain.comparison.box == (0, 0, 100, 100)


def test_a_picture_that_was_brought_has_no_page(alice: User, draw: Draw) -> None:
    data = io.BytesIO()
    Image.new("RGB", (128, 128), "red").save(data, "PNG")
    source = bring_picture(alice, ContentFile(data.getvalue(), "photo.png"))
    image = draw(alice, start=Start(PictureRef(source.sha256, 128, 128, source.code)))
    (link,) = chain_of(alice, image).before
    assert (link.picture, link.url, link.title) == (f"/sources/{source.code}/file", "", "photo.png")
    delete_source(source)
    chain = chain_of(alice, image)
    assert chain.before[0].gone and chain.comparison is None


def test_what_was_deleted_is_said_and_not_shown(alices: Client, alice: User, draw: Draw) -> None:
    first = draw(alice)
    second = changed(draw, alice, first)
    delete_images(alice, [first.code])
    page = alices.get(f"/images/{second.code}/").text
    assert "Not here any more" in page and first.code not in page


def test_others_pictures_are_no_part_of_it(alice: User, charlie: User, draw: Draw) -> None:
    first = draw(alice)
    second = changed(draw, alice, first)
    GeneratedImage.objects.filter(pk=second.pk).update(owner=charlie)
    assert chain_of(alice, first).after == []
    second.refresh_from_db()
    assert chain_of(charlie, second).before[0].gone


def test_the_source_lies_where_it_was_in_a_picture_that_has_grown() -> None:
    start = Start(PictureRef("a" * 64, 128, 64), grow=(64, 32, 64, 32))
    assert box_of(start) == (25, 25, 50, 50)


def test_its_tile_names_its_source(alices: Client, alice: User, draw: Draw) -> None:
    first = draw(alice)
    changed(draw, alice, first)
    assert f'data-source="/sources/{first.code}/file"' in alices.get("/create/").text
