"""`manage.py render`: a picture with no broker, and clear words for what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from diffusers import UNet2DConditionModel
from django.core.management import CommandError, call_command
from PIL import Image

from generation.catalog.importing import import_folder
from generation.imaging.brought import bring
from generation.models import Checkpoint
from tests.control_renders import drawing
from tests.generation.conftest import without_signature
from tests.tiny_controls import made_for
from tests.tiny_weights import BUNDLED_CHECKPOINT, seeded


def test_it_works(catalog: Checkpoint, tmp_path: Path) -> None:
    out = tmp_path / "apple.png"
    call_command("render", "a red apple <lora:line-art:0.7>", out=out, seed=7, steps=3)
    with Image.open(out) as picture:
        assert picture.size == (128, 128)
        assert "Seed: 7" in picture.text["parameters"]  # type: ignore[attr-defined]


def test_the_same_seed_gives_the_same_picture(catalog: Checkpoint, tmp_path: Path) -> None:
    """Pixels and texts; each file's signature is its own."""
    first, second = tmp_path / "1.png", tmp_path / "2.png"
    for out in (first, second):
        call_command("render", "a red apple", out=out, seed=7, steps=2)
    assert without_signature(first.read_bytes()) == without_signature(second.read_bytes())


@pytest.mark.parametrize(
    "prompt, options, words",
    [
        ("a cat <lora:nothing:1>", {}, "no LoRA “nothing”"),
        ("a cat", {"steps": 900}, "Steps must lie"),
        ("", {}, "Write a prompt"),
        ("a cat", {"sampler": "Magic"}, "no sampler"),
    ],
)
def test_what_is_wrong_is_said(
    catalog: Checkpoint, tmp_path: Path, prompt: str, options: dict[str, object], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("render", prompt, out=tmp_path / "x.png", **options)


def test_the_ending_must_be_known(catalog: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="must end in"):
        call_command("render", "a cat", out=tmp_path / "x.gif")


def picture_file(path: Path, colour: str = "tomato", size: tuple[int, int] = (128, 96)) -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


def test_it_starts_from_a_picture_and_keeps_what_the_mask_keeps(catalog: Checkpoint, tmp_path: Path) -> None:
    source, out = picture_file(tmp_path / "source.png"), tmp_path / "out.png"
    mask = Image.new("L", (128, 96))
    mask.paste(255, (32, 32, 96, 64))
    mask.save(tmp_path / "mask.png")
    call_command("render", "a red apple", out=out, steps=4, source=source, strength=0.5, mask=tmp_path / "mask.png")
    with Image.open(out) as picture:
        assert picture.size == (128, 96) and picture.getpixel((2, 2)) == (255, 99, 71)
        assert "Denoising strength: 0.5" in picture.text["parameters"]  # type: ignore[attr-defined]


def test_it_makes_a_picture_larger(catalog: Checkpoint, tmp_path: Path) -> None:
    source, out = picture_file(tmp_path / "source.png"), tmp_path / "out.png"
    call_command("render", "a red apple", out=out, source=source, upscale=1.5)
    with Image.open(out) as picture:
        assert picture.size == (192, 144) and picture.getpixel((9, 9)) == (255, 99, 71)
        text = picture.text["parameters"]  # type: ignore[attr-defined]
    assert "Postprocess upscale by: 1.5, Postprocess upscaler: Lanczos" in text
    # Of the picture as the site keeps it, which would find it by this.
    assert f"Enlarged picture hash: {bring(source.read_bytes(), '').sha256}" in text


def moving(path: Path) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mask": "a.png"}, "say which with --source"),
        ({"upscale": 2.0}, "say which with --source"),
        ({"source": "a.png", "upscale": 5.0}, "The scale must lie between 1.5 and 4"),
        ({"source": "a.png", "upscale": 2.0, "upscaler": "4x-gone"}, "no upscaler “4x-gone”"),
        ({"source": "moving.webp"}, "This picture moves"),
        ({"source": "drawing.svg"}, "Only PNG, JPEG and WebP"),
        ({"source": "missing.png"}, "cannot be read"),
        ({"source": "note.txt"}, "Only PNG, JPEG and WebP"),
        ({"source": "a.png", "strength": 2.0}, "Strength must lie"),
        ({"source": "a.png", "mask": "small.png"}, "both must agree"),
        ({"source": "a.png", "mask": "black.png"}, "The mask is empty"),
    ],
)
def test_what_is_wrong_with_pictures_is_said(
    catalog: Checkpoint, tmp_path: Path, options: dict[str, object], words: str
) -> None:
    picture_file(tmp_path / "a.png")
    picture_file(tmp_path / "small.png", "white", (64, 64))
    picture_file(tmp_path / "black.png", "black")
    (tmp_path / "note.txt").write_text("no picture")
    (tmp_path / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    moving(tmp_path / "moving.webp")
    paths = {
        name: tmp_path / value if isinstance(value, str) and name != "upscaler" else value
        for name, value in options.items()
    }
    with pytest.raises(CommandError, match=words):
        call_command("render", "a cat", out=tmp_path / "x.png", steps=1, **paths)


def test_a_controlnet_holds_the_shape(catalog: Checkpoint, tmp_path: Path, settings: Any) -> None:
    folder = tmp_path / "weights"
    with seeded(0):
        unet = UNet2DConditionModel.from_pretrained(BUNDLED_CHECKPOINT / "unet")
        made_for(unet).save_pretrained(folder / "edges")
    settings.WEIGHTS_DIRS = [folder, *settings.WEIGHTS_DIRS]
    assert [found.outcome for found in import_folder(folder)] == ["added"]
    drawing("control", 128).save(tmp_path / "shape.png")
    files: list[Path] = []
    for control in ([], [f"edges={tmp_path / 'shape.png'}"]):
        out = tmp_path / f"{len(files)}.png"
        call_command("render", "a red apple", out=out, seed=7, steps=2, control=control, preprocessor="canny")
        files.append(out)
    first, second = (without_signature(file.read_bytes()) for file in files)
    assert first[1] != second[1] and "ControlNet 0" in second[2]["parameters"]


@pytest.mark.parametrize(
    ("control", "words"),
    [("edges", "an equals sign"), ("edges=nowhere.png", "cannot be read"), ("nothing={}", "no ControlNet “nothing”")],
)
def test_what_is_wrong_with_a_controlnet_is_said(catalog: Checkpoint, tmp_path: Path, control: str, words: str) -> None:
    drawing().save(tmp_path / "shape.png")
    with pytest.raises(CommandError, match=words):
        call_command(
            "render", "a cat", out=tmp_path / "x.png", steps=2, control=[control.format(tmp_path / "shape.png")]
        )
