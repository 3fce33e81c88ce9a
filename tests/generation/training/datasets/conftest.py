"""Data sets and files to put into them: pictures that differ, zips of them, and uploads as a browser sends them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User
from generation.models import DataSet
from generation.training.datasets.lifecycle import create_dataset
from generation.training.datasets.uploads import add_uploads
from tests.generation.imaging.test_pdq import scene

MakeDataSet = Callable[..., DataSet]


def picture(seed: int = 0, form: str = "PNG", size: int = 128, **options: object) -> bytes:
    """The bytes of a picture, another one for each seed."""
    return encoded(scene(seed, size), form, **options)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


@pytest.fixture(autouse=True)
def own_media(settings: object, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


@pytest.fixture
def make_dataset(db: None) -> MakeDataSet:
    """A data set of somebody with so many pictures."""

    def make(owner: User, pictures: int = 0, title: str = "Nine emoji", trigger: str = "noto style") -> DataSet:
        dataset = create_dataset(owner, title, trigger, consent=True)
        collected = add_uploads(dataset, [upload(f"{seed}.png", picture(seed)) for seed in range(pictures)])
        assert collected.refused == []
        return dataset

    return make


@pytest.fixture
def dataset(alice: User, make_dataset: MakeDataSet) -> DataSet:
    """Alice's, with four pictures."""
    return make_dataset(alice, 4)
