"""My pictures, filtered: what stands in the address keeps only what has all of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from generation.jobs.albums import add_to_album, create_album
from generation.jobs.filing import file_images, star_images
from generation.models import GeneratedImage, PictureFacet, PictureLora
from generation.web.pictures import images, listing
from tests.generation.web.conftest import Draw


def codes(client: Client, query: str, **fields: str) -> list[str]:
    page = client.get(f"/images/?{query}", fields or None)
    assert page.status_code == 200
    return re.findall(r'id="tile-(\w+)"', page.text)


@pytest.mark.parametrize(
    "query",
    [
        "q=lighthouse",
        "q=LIGHT",
        "lora=line-art",
        "size=192x128",
        "starred=1",
        "lora=line-art&q=cliff&starred=1&size=192x128",
        "checkpoint=emoji-diffusion&starred=1",
    ],
)
def test_each_filter_keeps_what_has_it(alices: Client, alice: User, draw: Draw, query: str) -> None:
    draw(alice)
    found = draw(alice, "a lighthouse on a cliff <lora:line-art:0.5>", width=192)
    star_images(alice, [found.code], True)
    draw(alice, "pears")
    assert codes(alices, query) == [found.code]


def test_days_are_taken_in_on_both_ends(alices: Client, alice: User, draw: Draw) -> None:
    today = timezone.now().date()
    rows = [draw(alice) for _ in range(3)]
    for age, image in zip((9, 5, 0), rows, strict=True):
        GeneratedImage.objects.filter(pk=image.pk).update(created_at=timezone.now() - timedelta(days=age))
    old, middle, new = (image.code for image in rows)
    assert codes(alices, f"since={today - timedelta(days=5)}") == [new, middle]
    assert codes(alices, f"until={today - timedelta(days=5)}") == [middle, old]
    day = today - timedelta(days=5)
    assert codes(alices, f"since={day}&until={day}") == [middle]
    assert codes(alices, f"since={today + timedelta(days=1)}") == []
    assert codes(alices, f"until={today - timedelta(days=99)}") == []


@pytest.mark.parametrize("query", ["since=yesterday", "until=0001-01-01", "size=big", "size=x", "since=2026-02-31"])
def test_what_cannot_be_read_is_said(alices: Client, alice: User, draw: Draw, query: str) -> None:
    draw(alice)
    page = alices.get(f"/images/?{query}")
    assert page.status_code == 400
    assert "is written as" in page.text


def test_charlie_gets_404_for_an_album_of_alice(alices: Client, charlies: Client, alice: User, draw: Draw) -> None:
    album = create_album(alice, "Apples")
    add_to_album(album, [draw(alice).code])
    assert codes(alices, f"album={album.code}") != []
    assert charlies.get(f"/images/?album={album.code}").status_code == 404


def test_filters_find_nothing_of_others(charlies: Client, alice: User, draw: Draw) -> None:
    image = draw(alice, "a lighthouse <lora:line-art:0.5>")
    star_images(alice, [image.code], True)
    for query in ("q=lighthouse", "lora=line-art", "size=128x128", "starred=1", f"since={timezone.now().date()}"):
        assert codes(charlies, query) == []


def test_a_page_stays_within_eight_queries(
    alices: Client, alice: User, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "IMAGES_A_PAGE", 2)
    made = [draw(alice, "a lighthouse <lora:line-art:0.5>") for _ in range(3)]
    album = create_album(alice, "Lights")
    add_to_album(album, [image.code for image in made])
    for query in (
        "",
        "q=light",
        "lora=line-art",
        "size=128x128",
        "starred=1",
        f"album={album.code}",
        "since=2026-01-01",
    ):
        with CaptureQueriesContext(connection) as asked:
            alices.get(f"/images/?{query}")
        assert len(asked) <= 8, (query, [each["sql"][:90] for each in asked])


def test_chips_take_a_filter_off_and_keep_the_others(alices: Client, alice: User, draw: Draw) -> None:
    draw(alice, "a lighthouse <lora:line-art:0.5>")
    page = alices.get("/images/?q=light&lora=line-art").text
    assert 'href="/images/?q=light"' in page
    assert 'href="/images/?q=light&amp;lora=line-art&amp;starred=1"' in page


def test_the_form_offers_what_the_pictures_have(alices: Client, alice: User, draw: Draw) -> None:
    draw(alice, "a lighthouse <lora:line-art:0.5>", width=192)
    page = alices.get("/images/?q=light").text
    assert '<option value="line-art"' in page and '<option value="192x128"' in page
    assert '<option value="emoji-diffusion"' in page
    assert '<input type="hidden" name="q" value="light">' in page


def test_many_are_counted_up_to_a_bound(
    alices: Client, alice: User, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_COUNTED", 2)
    for _ in range(3):
        draw(alice)
    assert "3 pictures</p>" in alices.get("/images/?q=apple").text, "one page is counted as it is"
    monkeypatch.setattr(images, "IMAGES_A_PAGE", 1)
    assert "More than 1 picture</p>" in alices.get("/images/?q=apple").text
    assert "More than 2 pictures</p>" in alices.get("/images/?size=128x128").text
    assert "More than 2 pictures</p>" in alices.get("/images/").text


def test_words_are_found_however_they_are_written(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice, "Ein Ｌｅｕｃｈｔturm\u200b, 红苹果, owner2xred")
    for words in ("leucht", "LEUCHTTURM ein", "红苹", "owner2xred"):
        assert codes(alices, "", q=words) == [image.code]
    for words in ("turm", "x", 'a" OR "ein', "ein & nothing", "-ein zwei", "ein:*|zwei", "%"):
        assert codes(alices, "", q=words) == ([image.code] if words == "%" else [])


def test_what_was_not_filed_is_filed_by_upkeep(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice, "a lighthouse <lora:line-art:0.5>")
    for rows in (PictureLora.objects, PictureFacet.objects):
        rows.all().delete()
    GeneratedImage.objects.update(is_filed=False, checkpoint="", search_words="")
    assert file_images() == 1 and file_images() == 0
    for query in ("q=lighthouse", "lora=line-art", "checkpoint=emoji-diffusion"):
        assert codes(alices, query) == [image.code]
