"""/api/v1/sources: bring, list, show and delete pictures to start from; and jobs that start from them."""

from __future__ import annotations

import io
import struct
from typing import Any
from zlib import crc32

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from generation.imaging import brought
from generation.models import Checkpoint, Job, SourcePicture
from tests.conftest import credits_of
from tests.generation.conftest import Draw, draw_next

URL = "/api/v1/sources"
JOBS = "/api/v1/jobs"


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", lambda picture: None)


@pytest.fixture
def charlies_api(charlie: User) -> APIClient:
    _, key = ApiToken.objects.create(user=charlie, name="program")
    return APIClient(headers={"Authorization": f"Bearer {key}"})


def png(colour: Any = "tomato", size: tuple[int, int] = (128, 96)) -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGBA" if isinstance(colour, tuple) else "RGB", size, colour).save(data, "PNG")
    return SimpleUploadedFile("apple.png", data.getvalue(), "image/png")


def bring(api: APIClient, *args: Any, **headers: str) -> dict[str, Any]:
    answer = api.post(URL, {"file": png(*args)}, format="multipart", headers=headers)
    assert answer.status_code == 201, answer.json()
    body: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{URL}/{body['code']}"
    return body


def test_it_works(alices_api: APIClient, alice: User) -> None:
    source = bring(alices_api)
    assert (source["name"], source["width"], source["height"], source["has_alpha"]) == ("apple.png", 128, 96, False)
    assert [row["code"] for row in alices_api.get(URL).json()["results"]] == [source["code"]]
    assert alices_api.get(f"{URL}/{source['code']}").json() == source
    file, small = (alices_api.get(f"{URL}/{source['code']}/{kind}") for kind in ("file", "small"))
    for answer, kind in ((file, "PNG"), (small, "WEBP")):
        assert "private" in answer["Cache-Control"] and "no-store" in answer["Cache-Control"]
        assert Image.open(io.BytesIO(answer.content)).format == kind
    assert alices_api.delete(f"{URL}/{source['code']}").status_code == 204
    assert not SourcePicture.objects.exists()


def test_charlie_gets_404(alices_api: APIClient, charlies_api: APIClient) -> None:
    code = bring(alices_api)["code"]
    for method, path in (("get", ""), ("delete", ""), ("get", "/file"), ("get", "/small"), ("post", "/mask")):
        assert getattr(charlies_api, method)(f"{URL}/{code}{path}").status_code == 404
    assert charlies_api.get(URL).json()["results"] == []
    assert SourcePicture.objects.count() == 1


def test_sent_again_with_the_same_key_it_is_the_same(alices_api: APIClient) -> None:
    first, again = (bring(alices_api, "tomato", **{"Idempotency-Key": "s1"}) for _ in range(2))
    assert first == again


def test_what_is_transparent_becomes_a_mask(alices_api: APIClient) -> None:
    source = bring(alices_api, (200, 0, 0, 0))
    made = alices_api.post(f"{URL}/{source['code']}/mask")
    assert made.status_code == 201 and made.json()["code"] != source["code"]
    opaque = bring(alices_api)
    refused = alices_api.post(f"{URL}/{opaque['code']}/mask")
    assert (refused.status_code, refused.json()["code"]) == (400, "no-alpha")


def picture_as(format: str, size: tuple[int, int] = (64, 64), mode: str = "RGB", **options: Any) -> bytes:
    data = io.BytesIO()
    Image.new(mode, size).save(data, format, **options)
    return data.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 900 million pixels."""
    parts = [(b"IHDR", struct.pack(">2I5B", 30_000, 30_000, 1, 0, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown-format"),
        (picture_as("PNG", (1, 1)), "too-small"),
        (bomb(), "too-many-pixels"),
        (picture_as("WEBP", save_all=True, append_images=[Image.new("RGB", (64, 64), "red")]), "animated-picture"),
        (picture_as("PNG")[:-30], "damaged-picture"),
    ],
    ids=["svg", "1x1", "bomb", "moving", "torn"],
)
def test_what_is_no_picture_to_start_from(alices_api: APIClient, data: bytes, code: str) -> None:
    answer = alices_api.post(URL, {"file": SimpleUploadedFile("a.png", data)}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (400, code) and not SourcePicture.objects.exists()


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (picture_as("JPEG", mode="CMYK"), [64, 64]),
        (picture_as("PNG", mode="I;16"), [64, 64]),
        (picture_as("PNG", (20_000, 400), "L"), [4096, 82]),
    ],
    ids=["cmyk", "16 bit", "20,000 wide"],
)
def test_every_other_picture_is_taken(alices_api: APIClient, data: bytes, size: list[int]) -> None:
    answer = alices_api.post(URL, {"file": SimpleUploadedFile("a.png", data)}, format="multipart")
    assert answer.status_code == 201 and [answer.json()["width"], answer.json()["height"]] == size


def start(api: APIClient, **fields: Any) -> Any:
    return api.post(JOBS, {"prompt": "a pear", "start": fields}, format="json")


def test_a_job_starts_from_one(alices_api: APIClient, catalog: Checkpoint) -> None:
    source, mask = bring(alices_api), bring(alices_api, "white")
    fields = {"strength": 0.4, "mask_blur": 2, "masked_content": "fill", "grow": [0, 0, 8, 0], "fit": "fill"}
    answer = start(alices_api, source=source["code"], mask=mask["code"], **fields)
    assert answer.status_code == 202, answer.json()
    (told,) = answer.json()["jobs"]
    assert (told["recipe"]["width"], told["recipe"]["height"]) == (136, 96), "the picture's own size, grown"
    pinned = {"width": 128, "height": 96}
    assert told["recipe"]["start"] == {
        **fields, "area": "whole", "padding": 32,
        "source": {"code": source["code"], "sha256": source["sha256"], **pinned},
        "mask": {"code": mask["code"], "sha256": mask["sha256"], **pinned},
    }  # fmt: skip
    assert draw_next() is not None


def test_a_job_starts_from_a_picture_of_ones_own(alices_api: APIClient, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert start(alices_api, source=image.code).status_code == 202
    begun = Job.objects.latest("pk").recipe.start
    assert begun is not None and begun.source.sha256 == image.sha256


def test_only_the_masked_area_takes_the_checkpoints_size(alices_api: APIClient, catalog: Checkpoint) -> None:
    source, mask = bring(alices_api), bring(alices_api, "white")
    assert start(alices_api, source=source["code"], mask=mask["code"], area="masked").status_code == 202
    assert Job.objects.get().recipe.width == catalog.native_width


def test_a_dry_run_says_what_it_costs(alices_api: APIClient, catalog: Checkpoint) -> None:
    code = bring(alices_api, "tomato", (512, 512))["code"]
    body = {"prompt": "a pear", "steps": 40, "start": {"source": code, "strength": 0.5}}
    answer = alices_api.post(f"{JOBS}?dry_run=1", body, format="json")
    assert answer.json()["credits"] == 2 and not Job.objects.exists()


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({"source": "nothing"}, 404, "unknown-picture", "source"),
        ({"source": "deleted"}, 404, "unknown-picture", "source"),
        ({"strength": 1.5}, 422, "bad-strength", "strength"),
        ({"mask": "small"}, 422, "bad-mask-size", "mask"),
        ({"mask": "black"}, 400, "empty-mask", "mask"),
        ({"masked_content": "magic"}, 400, "invalid", "start.masked_content"),
        ({"area": "masked"}, 422, "bad-area", "area"),
        ({"grow": [2000, 0, 0, 0]}, 422, "bad-grow", "grow"),
    ],
)
def test_what_is_refused_costs_nothing(
    alices_api: APIClient, alice: User, catalog: Checkpoint, fields: dict[str, Any], status: int, code: str, field: str
) -> None:
    pictures = {"small": ("white", (64, 64)), "black": ("black",)}
    named = {"source": bring(alices_api)["code"], **fields}
    if named["source"] == "deleted":
        named["source"] = bring(alices_api, "green")["code"]
        alices_api.delete(f"{URL}/{named['source']}")
    if named.get("mask") in pictures:
        named["mask"] = bring(alices_api, *pictures[named["mask"]])["code"]
    answer = start(alices_api, **named)
    assert answer.status_code == status, answer.json()
    assert answer.json()["code"] == code and answer.json()["errors"][0]["field"] == field
    assert not Job.objects.exists() and credits_of(alice) == 1000


def test_somebody_elses_is_not_there(alices_api: APIClient, charlies_api: APIClient, catalog: Checkpoint) -> None:
    source = bring(alices_api)
    for word in (source["code"], source["sha256"]):
        answer = start(charlies_api, source=word)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-picture")


def test_what_it_started_from_is_read_back(
    alices_api: APIClient, charlies_api: APIClient, alice: User, catalog: Checkpoint
) -> None:
    source = bring(alices_api)
    start(alices_api, source=source["code"], strength=0.25)
    image = draw_next()
    assert image is not None
    data = alices_api.get(f"/api/v1/images/{image.code}/file/png").content
    own, strangers = (
        api.post("/api/v1/recipes/read", {"picture": SimpleUploadedFile("a.png", data)}, format="multipart").json()
        for api in (alices_api, charlies_api)
    )
    assert (own["recipe"]["start"]["source"], own["recipe"]["start"]["strength"]) == (source["sha256"], 0.25)
    assert own["unmatched"] == []
    assert "start" not in strangers["recipe"]
    (miss,) = strangers["unmatched"]
    assert miss["kind"] == "picture" and "choose it again" in miss["message"]
