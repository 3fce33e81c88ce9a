"""`manage.py train_lora`: from a folder of pictures to a LoRA, and clear words for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from generation.engine.training import sampling, validation
from generation.management.commands.train_lora import Command, captions_in, paths_in
from generation.models import Checkpoint
from generation.weightfiles.classify import read_weightfile
from tests.generation.engine.training.lessons import CAPTIONS, NOTO
from tests.generation.training.datasets.conftest import encoded

OPTIONS = ("recipe", "parts", "sample", "hold_out")
QUICK = {"steps": 2, "batch": 1, "resolution": 64, "sample": ["a cat"]}


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SAMPLE_STEPS", 2)
    monkeypatch.setattr(validation, "MEASURED_ROWS", 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, two of them with captions."""
    for name in ("apple", "cat", "house"):
        (tmp_path / f"{name}.png").write_bytes((NOTO / f"{name}.png").read_bytes())
    for name in ("apple", "cat"):
        (tmp_path / f"{name}.txt").write_text(CAPTIONS[name], "utf-8")
    return tmp_path


def train(folder: Path, **options: Any) -> str:
    said = call_command("train_lora", str(folder), **{**QUICK, **options})
    assert isinstance(said, str)
    return said


def test_it_works(catalog: Checkpoint, folder: Path) -> None:
    said = train(folder, base=catalog.name, name="noto", hold_out=["house"])
    assert "on held-out pictures" in said or "harms held-out pictures least" in said
    found = read_weightfile(folder / "lora" / "noto.safetensors")
    assert (found.kind, found.family, found.rank) == ("lora", "mini", 8)
    assert json.loads(found.metadata["tempera_training_recipe"])["checkpoint"] == catalog.name
    assert found.metadata["ss_new_sd_model_hash"] == catalog.sha256
    assert found.metadata["ss_num_train_images"] == "2"
    with Image.open(folder / "lora" / "noto-sheet.webp") as sheet:
        assert sheet.height > 2 * 64


@pytest.mark.parametrize(
    ("said", "folds"), [({}, 3), ({"hold_out": ["cat"]}, 1), ({"held_out": 1}, 1), ({"folds": 2}, 2)]
)
def test_few_pictures_have_folds(catalog: Checkpoint, folder: Path, said: dict[str, Any], folds: int) -> None:
    _, recipe = Command().prepare(folder, {**dict.fromkeys(OPTIONS), "base": "", "preset": "style", **said})
    assert recipe.folds == folds


def test_a_thing_wants_its_kind(catalog: Checkpoint, folder: Path) -> None:
    with pytest.raises(CommandError, match="Name the kind"):
        train(folder, preset="thing")
    said = {**dict.fromkeys(OPTIONS), "base": "", "preset": "thing", "prior_prompt": "a cat"}
    assert Command().prepare(folder, said)[1].prior_weight == 1.0


def test_a_second_run_goes_on_where_the_first_ended(catalog: Checkpoint, folder: Path) -> None:
    train(folder, name="noto")
    first = (folder / "lora" / "noto.safetensors").read_bytes()
    train(folder, name="noto")
    assert (folder / "lora" / "noto.safetensors").read_bytes() == first


def test_a_recipe_file_and_the_command_line_are_heard(catalog: Checkpoint, folder: Path) -> None:
    file = folder / "recipe.json"
    file.write_text(json.dumps({"_from": "a remark", "rank": 3, "parts": ["convolution"], "seed": 5}))
    train(folder, name="noto", recipe=file, rank=2, preset="quick")
    found = read_weightfile(folder / "lora" / "noto.safetensors")
    recipe = json.loads(found.metadata["tempera_training_recipe"])
    assert (recipe["rank"], recipe["parts"], recipe["seed"]) == (2, ["convolution"], 5)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"base": "nothing"}, "no checkpoint “nothing”"),
        ({"hold_out": ["dog"]}, "no picture named dog"),
        ({"rank": 999}, "Rank must lie"),
    ],
)
def test_what_is_wrong_is_said(catalog: Checkpoint, folder: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        train(folder, **options)


def test_an_empty_folder_is_named(catalog: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds no pictures"):
        train(tmp_path)


def test_unknown_settings_are_named(catalog: Checkpoint, folder: Path) -> None:
    (folder / "recipe.json").write_text('{"ranks": 3}')
    with pytest.raises(CommandError, match="unknown settings: ranks"):
        train(folder, recipe=folder / "recipe.json")


def test_settings_that_are_no_table_are_named(catalog: Checkpoint, folder: Path) -> None:
    (folder / "recipe.json").write_text("[3]")
    with pytest.raises(CommandError, match="not a table of settings"):
        train(folder, recipe=folder / "recipe.json")


def test_captions_are_read_as_in_the_studio(folder: Path) -> None:
    (folder / "apple.txt").write_bytes("a red apple\n".encode("utf-8-sig"))
    (folder / "cat.txt").unlink()
    (folder / "cat.png.txt").write_bytes("a cat".encode("utf-16"))
    (folder / "house.caption").write_bytes("the artist’s café".encode("cp1252"))
    (folder / "notes.txt").write_bytes("墨, 木".encode("shift_jis"))
    captions = captions_in(folder, paths_in(folder))
    assert {path.stem: caption for path, caption in captions.items()} == {
        "apple": "a red apple",
        "cat": "a cat",
        "house": "the artist’s café",
    }


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("house.txt", "墨, 木".encode("shift_jis"), "house.txt: The encoding of this caption cannot be told"),
        ("cat.caption", b"another one", "cat.txt: The picture has another caption file"),
        ("house.txt", b"a" * 20_000, "house.txt: The file is larger than 16 KiB"),
    ],
)
def test_a_caption_that_is_not_taken_is_named(
    catalog: Checkpoint, folder: Path, name: str, data: bytes, words: str
) -> None:
    (folder / name).write_bytes(data)
    with pytest.raises(CommandError, match=words):
        train(folder)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encoded(Image.new("RGB", (64, 20_000))), "64 × 20000 pixels: shrunk to 2048 .* 7 are left"),
        (encoded(Image.new("RGB", (40, 300))), "has 40 × 300 pixels; 64 on each side"),
        (encoded(Image.new("1", (5_000, 7_000))), "more than 33,177,600 pixels"),
        (encoded(Image.new("RGB", (128, 128))) + bytes(16 * 2**20), "larger than 16 MiB"),
        (encoded(Image.new("RGB", (128, 128), "red"))[:120], "damaged"),
        (b"GIF89a", "Only PNG, JPEG and WebP"),
    ],
)
def test_a_picture_that_the_studio_refuses_is_refused_with_its_reason(
    catalog: Checkpoint, folder: Path, data: bytes, words: str
) -> None:
    (folder / "odd.png").write_bytes(data)
    with pytest.raises(CommandError, match=f"odd.png: .*{words}"):
        train(folder)
