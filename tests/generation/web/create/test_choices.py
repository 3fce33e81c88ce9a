"""Sizes and LoRAs of another checkpoint."""

from __future__ import annotations

from django.test import Client

from generation.models import Checkpoint
from generation.web.create.sizes import size_presets_of


def test_it_works(alices: Client, catalog: Checkpoint) -> None:
    Checkpoint.objects.create(
        name="big", title="Big", family="sd1", path="big", sha256="b" * 64, native_width=512, native_height=512
    )
    part = alices.get("/create/choices/?checkpoint=big").text
    assert 'value="624x416"' in part
    assert "fluent-3d" not in part, "a LoRA of another family does not fit"
    assert "fluent-3d" in alices.get("/create/choices/?checkpoint=emoji-diffusion").text


def test_an_unknown_checkpoint_gives_the_default_one(alices: Client, catalog: Checkpoint) -> None:
    assert 'value="160x104"' in alices.get("/create/choices/?checkpoint=nope").text


def test_shapes_keep_the_area_and_the_grid() -> None:
    for native in (128, 512, 768, 1024):
        for shape in size_presets_of(native, native):
            assert shape.width % 8 == shape.height % 8 == 0
            assert min(shape.width, shape.height) >= 64
            assert abs(shape.width * shape.height / native**2 - 1) < 0.06


def test_tiny_checkpoints_keep_within_the_format() -> None:
    assert all(min(shape.width, shape.height) == 64 for shape in size_presets_of(64, 64))
