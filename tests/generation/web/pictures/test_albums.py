"""Albums: made, filled from the bar of picked pictures, renamed, emptied and deleted; each its owner's alone."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from accounts.models import User
from accounts.refusals import QuotaExceeded
from generation.imaging.reading import read_picture_metadata
from generation.jobs import albums as verbs
from generation.jobs.albums import add_to_album, create_album
from generation.models import Album, AlbumPicture, GeneratedImage
from generation.storage import files, zips
from tests.generation.web.conftest import PART, Draw


def shown(client: Client, album: Album) -> list[str]:
    return re.findall(r'id="tile-(\w+)"', client.get(f"/images/?album={album.code}").text)


def test_an_album_is_made_and_listed(alices: Client, alice: User) -> None:
    answer = alices.post("/albums/", {"title": "  Light\u200bhouses  by\nnight "})
    album = Album.objects.get(owner=alice)
    assert answer.headers["Location"] == f"/images/?album={album.code}"
    assert album.title == "Light houses by night"
    assert "Light houses by night" in alices.get("/albums/").text


@pytest.mark.parametrize("title", ["", "   ", "x" * 81, "\u200b"])
def test_a_title_is_needed(alices: Client, alice: User, title: str) -> None:
    assert alices.post("/albums/", {"title": title}).status_code == 400
    assert not Album.objects.exists()


def test_a_second_album_of_that_title_is_refused(alices: Client, alice: User, charlie: User) -> None:
    create_album(charlie, "Apples")
    create_album(alice, "Apples")
    page = alices.post("/albums/", {"title": "Apples"})
    assert page.status_code == 409 and "You have an album called “Apples” already." in page.text


def test_there_is_a_bound_to_albums(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "MAX_ALBUMS", 1)
    create_album(alice, "One")
    with pytest.raises(QuotaExceeded, match="You may have 1 albums"):
        create_album(alice, "Two")


def test_picked_ones_are_put_in_and_taken_out(alices: Client, alice: User, draw: Draw) -> None:
    first, second = draw(alice), draw(alice)
    one, other = create_album(alice, "One"), create_album(alice, "Other")
    form = {"picked": [first.code, second.code], "album": one.code, "back": "/images/?q=apple"}
    assert alices.post("/albums/add/", form).headers["Location"] == "/images/?q=apple"
    alices.post("/albums/add/", {"picked": [first.code], "album": other.code})
    alices.post("/albums/add/", {"picked": [first.code], "album": one.code})
    assert shown(alices, one) == [second.code, first.code] and shown(alices, other) == [first.code]
    alices.post(f"/albums/{one.code}/remove/", {"picked": [first.code]})
    assert shown(alices, one) == [second.code] and shown(alices, other) == [first.code]
    assert GeneratedImage.objects.kept().count() == 2


def test_a_new_album_is_made_from_the_bar(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    alices.post("/albums/add/", {"picked": [image.code], "title": "Fresh", "album": "nope"})
    assert shown(alices, Album.objects.get(title="Fresh")) == [image.code]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/images/", "/admin/", ""])
def test_the_way_back_stays_here(alices: Client, alice: User, draw: Draw, back: str) -> None:
    album = create_album(alice, "One")
    form = {"picked": [draw(alice).code], "album": album.code, "back": back}
    assert alices.post("/albums/add/", form).headers["Location"] == "/images/"


def test_nothing_picked_is_said(alices: Client, alice: User) -> None:
    album = create_album(alice, "One")
    assert "Pick the pictures first." in alices.post("/albums/add/", {"album": album.code}, follow=True).text


def test_charlies_pictures_do_not_come_in(alices: Client, alice: User, charlie: User, draw: Draw) -> None:
    album = create_album(alice, "One")
    alices.post("/albums/add/", {"picked": [draw(charlie).code], "album": album.code})
    assert not AlbumPicture.objects.exists()


def test_charlie_touches_no_album_of_alice(charlies: Client, alice: User, charlie: User, draw: Draw) -> None:
    album, image = create_album(alice, "One"), draw(charlie)
    charlies.post("/albums/add/", {"picked": [image.code], "album": album.code})
    for verb in ("", "delete/", "remove/", "share/"):
        assert charlies.post(f"/albums/{album.code}/{verb}", {"title": "Mine"}).status_code == 404
    assert charlies.get(f"/albums/{album.code}/zip").status_code == 404
    album.refresh_from_db()
    assert album.title == "One" and not AlbumPicture.objects.exists()


def test_it_is_renamed(alices: Client, alice: User) -> None:
    album, _ = create_album(alice, "One"), create_album(alice, "Two")
    assert alices.post(f"/albums/{album.code}/", {"title": "Two"}).status_code == 409
    assert alices.post(f"/albums/{album.code}/", {"title": "One"}).status_code == 302
    alices.post(f"/albums/{album.code}/", {"title": "Three"})
    album.refresh_from_db()
    assert album.title == "Three"


def test_deleting_asks_first_and_leaves_the_pictures(alices: Client, alice: User, draw: Draw) -> None:
    album, image = create_album(alice, "One"), draw(alice)
    add_to_album(album, [image.code])
    assert "Delete this album?" in alices.get(f"/albums/{album.code}/delete/").text
    alices.post(f"/albums/{album.code}/delete/")
    assert not Album.objects.exists()
    assert alices.get(f"/images/{image.code}/").status_code == 200


def test_a_deleted_picture_leaves_it_and_comes_back_into_it(alices: Client, alice: User, draw: Draw) -> None:
    album, image = create_album(alice, "One"), draw(alice)
    add_to_album(album, [image.code])
    alices.post("/images/delete/", {"picked": [image.code]})
    assert shown(alices, album) == []
    alices.post("/images/restore/", {"picked": [image.code]})
    assert shown(alices, album) == [image.code]


def unzipped(client: Client, address: str, picked: list[str] | None = None) -> zipfile.ZipFile:
    answer = client.get(address) if picked is None else client.post(address, {"picked": picked})
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "private, no-store"
    return zipfile.ZipFile(io.BytesIO(async_to_sync(sent)(answer)))


async def sent(answer: Any) -> bytes:
    return b"".join([piece async for piece in answer])


def test_a_zip_holds_the_picked_ones_with_what_they_carry(
    alices: Client, alice: User, charlie: User, draw: Draw
) -> None:
    mine = [draw(alice, "a red apple"), draw(alice, "a red apple"), draw(alice, "../../☃"), draw(alice, "left out")]
    picked = [image.code for image in mine[:3]]
    archive = unzipped(alices, "/images/zip/", [*picked, draw(charlie).code])
    assert archive.testzip() is None
    names = {f"a-red-apple-{picked[0]}.png", f"a-red-apple-{picked[1]}.png", f"{picked[2]}.png"}
    assert set(archive.namelist()) == names
    kept = archive.read(f"a-red-apple-{picked[0]}.png")
    assert kept == files.read(mine[0].file)
    metadata = read_picture_metadata(kept)
    assert metadata is not None and metadata.prompt == "a red apple"


def test_an_album_is_downloaded_whole(alices: Client, alice: User, draw: Draw) -> None:
    album, image = create_album(alice, "One"), draw(alice)
    draw(alice)
    add_to_album(album, [image.code])
    assert unzipped(alices, f"/albums/{album.code}/zip").namelist() == [f"a-red-apple-{image.code}.png"]


def test_what_is_gone_is_named_in_the_zip(alices: Client, alice: User, draw: Draw) -> None:
    lost, image = draw(alice), draw(alice)
    files.discard(lost.file)
    archive = unzipped(alices, "/images/zip/", [lost.code, image.code])
    assert lost.code in archive.read("missing.txt").decode()
    assert f"a-red-apple-{image.code}.png" in archive.namelist()


@pytest.mark.parametrize(
    ("bound", "words"), [("MAX_PICTURES", "One zip holds 1 picture."), ("MAX_BYTES", "Pick fewer.")]
)
def test_too_much_for_one_zip_is_refused(
    alices: Client, alice: User, draw: Draw, monkeypatch: pytest.MonkeyPatch, bound: str, words: str
) -> None:
    monkeypatch.setattr(zips, bound, 1)
    album = create_album(alice, "One")
    picked = [draw(alice).code, draw(alice).code]
    add_to_album(album, picked)
    assert words in alices.post("/images/zip/", {"picked": picked}, follow=True).text
    answer = alices.get(f"/albums/{album.code}/zip", headers=PART)
    assert answer.status_code == 400 and words in answer.json()["detail"]


def test_an_empty_zip_is_refused(alices: Client, alice: User) -> None:
    assert "Pick the pictures first." in alices.post("/images/zip/", follow=True).text
