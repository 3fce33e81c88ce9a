"""/verify/: what is known of a picture, mark by mark, on the page and over the API; and what nobody may learn there."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from gallery.moderation import approve
from gallery.publishing import publish_image
from generation.imaging.encode import encode_image
from generation.imaging.vectorize import vectorize
from generation.jobs.albums import add_to_album, create_album
from generation.jobs.lifecycle import finish_job
from generation.jobs.queueing import claim_next
from generation.jobs.sharing import end_link, share, token_of
from generation.models import Fingerprint, GeneratedImage
from generation.storage.files import read
from generation.storage.marks import converted
from generation.storage.signing import sign
from tests.architecture.access_things import own_lora, release
from tests.generation.conftest import Queue, catalog, queue  # noqa: F401  (fixtures)
from tests.generation.imaging.test_pdq import scene
from tests.generation.imaging.test_watermark import photo

Drawn = Callable[..., GeneratedImage]


@pytest.fixture(autouse=True)
def own_authority(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def drawn(queue: Queue) -> Drawn:  # noqa: F811
    """A picture of somebody that went the true road to its file."""

    def finish(user: User, picture: Image.Image) -> GeneratedImage:
        queue(user)
        job = claim_next("w")
        assert job is not None
        import numpy as np

        image = finish_job(job, np.asarray(picture), 0.1)
        assert image is not None
        return image

    return finish


def ask(client: Client, data: bytes | None = None, address: str = "", name: str = "a.png") -> Any:
    fields: dict[str, Any] = {"address": address}
    if data is not None:
        fields["picture"] = SimpleUploadedFile(name, data)
    return client.post("/verify/", fields)


def told(data: bytes | None = None, **fields: Any) -> Any:
    body: dict[str, Any] = {**fields}
    if data is not None:
        body["picture"] = SimpleUploadedFile("a.png", data)
    return APIClient().post("/api/v1/verify", body, format="multipart")


def without_metadata(data: bytes, format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").save(file, format, **options)
    return file.getvalue()


def test_each_format_of_ours_is_intact(alice: User, drawn: Drawn) -> None:
    image = drawn(alice, photo(1))
    png = read(image.file)
    svg = sign(vectorize(photo(1).resize((128, 128))), "svg")
    for data in (png, read(image.thumbnail), svg, *(converted(png, form, image.infotext) for form in ("jpeg", "webp"))):
        answer = told(data).json()
        assert (answer["verdict"], answer["manifest"]["state"]) == ("intact", "ours"), answer
        assert answer["xmp_source_type"] == "trainedAlgorithmicMedia"
    answer = told(png).json()
    assert answer["fingerprint"] == {"likeness": "same-file", "distance": 0}
    assert answer["watermark"] == "ours" and answer["made_at"] and answer["post"] == ""


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "svg"])
def test_a_changed_file_is_told_from_an_intact_one(alice: User, drawn: Drawn, format: str) -> None:
    image = drawn(alice, photo(1))
    png = read(image.file)
    if format == "svg":
        data = sign(vectorize(photo(1).resize((128, 128))), "svg").replace(b"</svg>", b" </svg>")
    else:
        whole = png if format == "png" else converted(png, format, image.infotext)
        # Past the end of the picture, so that it still opens.
        data = whole + b"x"
    answer = told(data).json()
    assert (answer["verdict"], answer["manifest"]["state"]) == ("changed", "tampered"), answer


def test_a_stripped_picture_is_known_by_its_watermark(alice: User, drawn: Drawn) -> None:
    png = read(drawn(alice, photo(1)).file)
    for data in (without_metadata(png), without_metadata(png, "JPEG", quality=70), without_metadata(png, "WEBP")):
        answer = told(data).json()
        assert (answer["verdict"], answer["watermark"], answer["manifest"]["state"]) == ("stripped", "ours", "absent")
        assert answer["fingerprint"]["likeness"] == "near" and answer["xmp_source_type"] == ""


def test_a_small_picture_is_known_by_its_fingerprint(alice: User, drawn: Drawn) -> None:
    answer = told(without_metadata(read(drawn(alice, scene(1, 192)).file), "JPEG", quality=80)).json()
    assert (answer["verdict"], answer["watermark"]) == ("lookalike", "absent")
    assert answer["fingerprint"]["likeness"] == "near"


def test_a_strangers_picture_is_unknown(alice: User, drawn: Drawn) -> None:
    drawn(alice, photo(1))
    answer = told(without_metadata(encode_image(photo(2), "png"))).json()
    assert (answer["verdict"], answer["watermark"], answer["made_at"]) == ("unknown", "absent", None)
    assert answer["fingerprint"] == {"likeness": "none", "distance": None}


def test_another_machines_picture_is_told_as_one(db: None) -> None:
    answer = told(encode_image(photo(2), "png")).json()
    assert answer["verdict"] == "ai-elsewhere"


def test_a_plain_picture_and_a_forgotten_number(alice: User, drawn: Drawn) -> None:
    assert told(without_metadata(encode_image(Image.new("RGB", (64, 64)), "png"))).json()["fingerprint"] == {
        "likeness": "plain", "distance": None,
    }  # fmt: skip
    png = read(drawn(alice, photo(1)).file)
    Fingerprint.objects.all().delete()
    assert told(without_metadata(png)).json()["watermark"] == "unknown"


def test_the_page_says_it_in_sentences(client: Client, alice: User, drawn: Drawn) -> None:
    png = read(drawn(alice, photo(1)).file)
    page = ask(client, png).text
    assert "This site made this picture, and the file is as it was." in page
    assert "Signed by this site" in page and "A machine made this picture." in page
    assert "It carries the number of a picture" in page and "The very file that is kept here." in page
    assert "Changed after “Tempera” signed it." in ask(client, png + b"x").text
    assert "says its watermark" in ask(client, without_metadata(png)).text


def test_nobody_learns_whose_it_is(client: Client, alice: User, bob: User, drawn: Drawn, alices: Client) -> None:
    image = drawn(alice, photo(1))
    png = read(image.file)
    page = ask(client, png).text
    assert "alice" not in page and image.code not in page and image.prompt not in page
    assert f"/images/{image.code}/" in ask(alices, png).text
    post = publish_image(alice, image, "Apple")
    assert post.code not in ask(client, png).text
    approve(bob, post)
    assert f"/gallery/{post.code}/" in ask(client, png).text
    assert told(png).json()["post"] == f"/gallery/{post.code}/"


def test_an_address_of_this_site(client: Client, alices: Client, alice: User, bob: User, drawn: Drawn) -> None:
    image = drawn(alice, photo(1))
    post = publish_image(alice, image, "Apple")
    for address in (
        f"/images/{image.code}/",
        f"/images/{image.code}/file",
        f"http://localhost:8000/gallery/{post.code}/",
    ):
        assert "This site made this picture" in ask(alices, address=address).text
        assert ask(client, address=address).status_code == 404
    approve(bob, post)
    for address in (f"gallery/{post.code}/picture", f"/gallery/{post.code}/thumbnail", f"/gallery/{post.code}/"):
        assert "This site made this picture" in ask(client, address=address).text
    assert f'value="/gallery/{post.code}/picture"' in client.get(f"/verify/?address=/gallery/{post.code}/picture").text


def test_an_address_of_a_small_picture_a_link_or_a_sample(
    client: Client, alice: User, charlies: Client, bob: User, drawn: Drawn
) -> None:
    image, other = drawn(alice, photo(1)), drawn(alice, photo(2))
    post = publish_image(alice, image, "Apple")
    approve(bob, post)
    for side in (320, 640, 1280):
        assert "This site made this picture" in ask(client, address=f"/gallery/{post.code}/thumbnail/{side}").text, side
    link = token_of(share(alice, other, 7))
    for path in ("", f"{other.code}/", f"{other.code}/picture", f"{other.code}/thumbnail"):
        assert "This site made this picture" in ask(client, address=f"/shared/{link}/{path}").text, path
    assert ask(client, address=f"/shared/{link}/{image.code}/picture").status_code == 404, "not of this link"
    assert ask(client, address=f"/shared/{link}x/{other.code}/picture").status_code == 404
    offered = release(alice, own_lora(alice, "e"), other, "approved")
    waiting = release(alice, own_lora(alice, "f"), other, "pending")
    assert "This site made this picture" in ask(client, address=f"/releases/{offered.code}/samples/0").text
    assert ask(charlies, address=f"/releases/{waiting.code}/samples/0").status_code == 404
    end_link(alice, link.split(".")[0])
    assert ask(client, address=f"/shared/{link}/").status_code == 404


def test_an_album_as_a_whole_is_no_picture(client: Client, alice: User, drawn: Drawn) -> None:
    image, album = drawn(alice, photo(1)), create_album(alice, "Apples")
    add_to_album(album, [image.code])
    link = token_of(share(alice, album, 7))
    assert ask(client, address=f"/shared/{link}/").status_code == 404
    assert "This site made this picture" in ask(client, address=f"/shared/{link}/{image.code}/").text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("https://example.org/a.png", 400),
        ("//example.org/gallery/a/", 400),
        ("http://[::1", 400),
        ("file:///etc/passwd", 404),
        ("/gallery/", 404),
        ("/gallery/nothing/", 404),
        ("/admin/", 404),
        ("\u202e/gallery/x", 404),
    ],
)
def test_no_other_address_is_looked_at(client: Client, db: None, address: str, status: int) -> None:
    assert ask(client, address=address).status_code == status
    assert told(address=address).status_code == status


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no-picture"),
        (b"GIF89a\x01\x00", "unknown-format"),
        (b"%PDF-1.7", "unknown-format"),
        (b"\x89PNG\r\n\x1a\n" + b"rubbish" * 9, "damaged-picture"),
        (b"<svg", "damaged-picture"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>', "hostile-picture"),
        (encode_image(Image.new("RGB", (64, 64)), "png")[:-30], "damaged-picture"),
        (encode_image(Image.new("1", (40_000, 8)), "png"), "too-long"),
    ],
)
def test_what_is_no_picture_is_refused(client: Client, db: None, data: bytes, code: str) -> None:
    answer = told(data) if data else told()
    assert answer.status_code == 400
    assert answer.json()["code"] == code or code == "no-picture"
    assert ask(client, data or None).status_code == 400


def test_strangers_words_are_escaped(client: Client, db: None) -> None:
    xmp = b"<x><Iptc4xmpExt:DigitalSourceType>&lt;script&gt;alert(1)&lt;/script&gt;</Iptc4xmpExt:DigitalSourceType></x>"
    file = io.BytesIO()
    photo(2).save(file, "JPEG", xmp=xmp)
    page = ask(client, file.getvalue()).text
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_twenty_a_minute(client: Client, db: None, settings: Any) -> None:
    settings.VERIFY_RATE = "2/min"
    assert [ask(client, address="/nothing/").status_code for _ in range(3)] == [404, 404, 429]
    assert client.get("/verify/").status_code == 200


def test_the_help_page_and_the_certificate(client: Client, db: None) -> None:
    page = client.get("/verify/marks/").text
    assert "JPEG 50" in page and "screenshot" in page
    answer = client.get("/verify/authority.pem")
    assert answer.content.startswith(b"-----BEGIN CERTIFICATE") and b"PRIVATE" not in answer.content
