"""Files that are not what they say, at every door that takes one: read or refused, never kept as they came."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from generation.models import DataPicture, DataSet, Draft, Lora
from generation.training.datasets.lifecycle import create_dataset
from tests.generation.imaging.test_pdq import scene
from tests.generation.training.datasets.test_uploads import bomb, sliver

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
GPS = {0x8825: {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}}


def encoded(form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    scene(1, 128).save(buffer, form, **options)
    return buffer.getvalue()


def located() -> bytes:
    """A photograph that tells where it was taken."""
    exif = Image.Exif()
    for tag, values in GPS.items():
        exif.get_ifd(tag).update(values)
    data = encoded("JPEG", exif=exif)
    assert b"Exif" in data
    return data


def text_bomb() -> bytes:
    """A PNG whose text is 64 MiB when it is unpacked."""
    data = encoded("PNG")
    packed = b"parameters\x00\x00" + zlib.compress(bytes(64 * 2**20), 9)
    chunk = struct.pack(">L", len(packed)) + b"zTXt" + packed + struct.pack(">L", zlib.crc32(b"zTXt" + packed))
    return data[:33] + chunk + data[33:]


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


NO_PICTURES: dict[str, Callable[[], bytes]] = {
    "bomb.png": bomb,
    "sliver.png": sliver,
    "page.png": lambda: b"<!doctype html>" + SCRIPT,
    "moving.gif": lambda: encoded("GIF", save_all=True, append_images=[scene(2, 128)]),
    "script.gif": lambda: b"GIF89a/*" + bytes(64) + b"*/=1;alert(1)",
    "plain.bmp": lambda: encoded("BMP"),
    "plain.tiff": lambda: encoded("TIFF"),
    "plain.ico": lambda: encoded("ICO"),
    "words.pdf": lambda: b"%PDF-1.7" + SCRIPT,
    "program.png": lambda: b"\x7fELF" + bytes(200),
    "half.png": lambda: encoded("PNG")[:400],
    "entities.svg": lambda: b'<!DOCTYPE x [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
}
ODD_PICTURES: dict[str, Callable[[], bytes]] = {
    "located.jpg": located,
    "and_a_page.png": lambda: encoded("PNG") + SCRIPT,
    "and_a_zip.png": lambda: encoded("PNG") + zipped(a_html=SCRIPT),
    "page_within.jpg": lambda: encoded("JPEG", comment=SCRIPT),
    "moving.png": lambda: encoded("PNG", save_all=True, append_images=[scene(2, 128), scene(3, 128)]),
    "moving.webp": lambda: encoded("WEBP", save_all=True, append_images=[scene(2, 128), scene(3, 128)]),
    "a picture.html": lambda: encoded("PNG"),
    "text_bomb.png": text_bomb,
}


@pytest.fixture
def dataset(alice: User) -> DataSet:
    return create_dataset(alice, "Noto", "noto style", consent=True)


@pytest.fixture(autouse=True)
def often(settings: Any) -> None:
    settings.VERIFY_RATE = "1000/min"


def doors(page: Client, api: APIClient, dataset: DataSet, name: str, data: bytes) -> dict[str, Any]:
    """The answer of each door that takes a picture."""

    def file() -> SimpleUploadedFile:
        return SimpleUploadedFile(name, data)

    script = {"X-Requested-With": "fetch"}
    studio, pictures = f"/studio/datasets/{dataset.code}/pictures/", f"/api/v1/datasets/{dataset.code}/pictures"
    return {
        "verify": page.post("/verify/", {"picture": file()}),
        "verify API": api.post("/api/v1/verify", {"picture": file()}, format="multipart"),
        "create": page.post("/create/read/", {"picture": file()}, headers=script),
        "recipe API": api.post("/api/v1/recipes/read", {"picture": file()}, format="multipart"),
        "data set": page.post(studio, {"files": file()}, headers=script),
        "data set API": api.post(pictures, {"files": [file()]}, format="multipart"),
    }


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_refused_everywhere(
    name: str, alices: Client, alices_api: APIClient, dataset: DataSet
) -> None:
    answers = doors(alices, alices_api, dataset, name, NO_PICTURES[name]())
    for door, answer in answers.items():
        assert answer.status_code < 500, door
        if door.startswith("data set"):
            assert answer.json()["refused"][0]["name"] == name and not answer.json()["added"], door
        else:
            assert answer.status_code == 400 and SCRIPT not in answer.content, door
    assert not DataPicture.objects.exists() and not Draft.objects.exists()
    assert not default_storage.exists("datasets") or not default_storage.listdir("datasets")[1]


@pytest.mark.parametrize("name", ODD_PICTURES)
def test_of_an_odd_picture_only_its_pixels_are_kept(
    name: str, alices: Client, alices_api: APIClient, dataset: DataSet
) -> None:
    data = ODD_PICTURES[name]()
    answers = doors(alices, alices_api, dataset, name, data)
    for door, answer in answers.items():
        assert answer.status_code < 500 and SCRIPT not in answer.content, door
    # A text without end is refused where texts are read, and left out where only pixels are.
    expected = 400 if name == "text_bomb.png" else 200
    assert answers["verify"].status_code == answers["verify API"].status_code == expected
    kept = DataPicture.objects.get()
    for path in (kept.file, kept.thumbnail):
        with default_storage.open(path) as file:
            stored = file.read()
        assert SCRIPT not in stored and b"Exif" not in stored and b"PK\x03\x04" not in stored
        with Image.open(io.BytesIO(stored)) as picture:
            assert getattr(picture, "n_frames", 1) == 1 and not picture.getexif()
    shown = alices.get(f"/studio/datasets/{dataset.code}/pictures/{kept.code}/file")
    assert shown.headers["Content-Type"] == "image/png" and shown.headers["X-Content-Type-Options"] == "nosniff"


def test_an_svg_is_read_and_neither_kept_nor_shown(alices: Client, alices_api: APIClient, dataset: DataSet) -> None:
    answers = doors(alices, alices_api, dataset, "drawn.svg", SVG)
    assert answers["verify"].status_code == 200 and "alert(1)" not in answers["verify"].text
    assert answers["verify API"].json()["verdict"] == "unknown"
    assert answers["data set"].json()["refused"][0]["code"] == "unknown-format"
    assert not DataPicture.objects.exists() and not Draft.objects.exists()


@pytest.mark.parametrize("name", [*NO_PICTURES, "and_a_page.png"])
def test_none_is_a_lora(name: str, alices: Client, alices_api: APIClient) -> None:
    data = (NO_PICTURES | ODD_PICTURES)[name]()
    page = alices.post("/loras/upload/", {"file": SimpleUploadedFile("a.safetensors", data), "title": "A"})
    assert page.status_code == 400 and SCRIPT not in page.content
    sent = {"file": SimpleUploadedFile("a.safetensors", data), "title": "A"}
    assert alices_api.post("/api/v1/loras", sent, format="multipart").status_code == 400
    assert not Lora.objects.exists()
