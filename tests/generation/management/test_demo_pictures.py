"""`manage.py demo_pictures`: from npm archives to pictures with captions, and a word about what is missing."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from generation.management.commands.train_lora import settings_in
from generation.recipes.training import TrainingRecipe
from generation.weightfiles.classify import read_weightfile
from tests.tiny_weights import BUNDLED

RECIPES = sorted((BUNDLED / "loras").glob("*.recipe.json"))


def pack(folder: Path, name: str, files: dict[str, bytes]) -> None:
    with tarfile.open(folder / f"{name}-1.0.0.tgz", "w:gz") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(f"package/{path}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def drawing(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (256, 256), colour).save(file, "webp", lossless=True)
    return file.getvalue()


def test_it_works(tmp_path: Path) -> None:
    names = [{"label": "star", "hexcode": "2B50"}, {"label": "owl", "hexcode": "1F989"}, {"label": "x", "hexcode": "1"}]
    pack(tmp_path, "emojibase-data", {"en/data.json": json.dumps(names).encode()})
    pack(
        tmp_path, "lobehub-fluent-emoji-3d", {"assets/2b50.webp": drawing("red"), "assets/1f989.webp": drawing("#0000")}
    )
    said = call_command("demo_pictures", "fluent-3d", packages=tmp_path, out=tmp_path / "out")
    assert said == f"2 pictures in {tmp_path / 'out'}"
    assert (tmp_path / "out" / "owl.txt").read_text() == "an owl"
    assert (tmp_path / "out" / "star.txt").read_text() == "a star, 3d"
    with Image.open(tmp_path / "out" / "star.png") as star, Image.open(tmp_path / "out" / "owl.png") as owl:
        assert star.size == (128, 128) and star.getpixel((64, 64)) == (255, 0, 0)
        assert owl.getpixel((64, 64)) == (255, 255, 255), "transparency lies on white"


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="lobehub-fluent-emoji-3d"):
        call_command("demo_pictures", "fluent-3d", packages=tmp_path, out=tmp_path / "out")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_each_bundled_lora_was_made_by_its_recipe(path: Path) -> None:
    made = read_weightfile(BUNDLED / "loras" / f"{path.name.removesuffix('.recipe.json')}.safetensors")
    said = TrainingRecipe.from_json(json.loads(made.metadata["tempera_training_recipe"]))
    assert said == said.replace(**settings_in(path))
    assert made.trigger_words == (said.trigger,)
    assert len(RECIPES) == 2
