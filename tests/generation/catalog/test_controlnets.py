"""ControlNets and annotators in the catalog: found in folders, named in recipes, refused where they do not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.importing import import_folder
from generation.catalog.matching import read_recipe_text
from generation.catalog.resolving import pin_weights, resolve
from generation.imaging.infotext import write_infotext
from generation.models import Annotator, Checkpoint, ControlNet
from generation.recipes.controls import ControlPick
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef
from tests.tiny_controls import tiny_controlnet, tiny_controlnet_file, tiny_depth_annotator, tiny_sam

PICTURE = PictureRef("a" * 64, 64, 64)


def controlnet(name: str = "edges", family: str = "mini", **fields: object) -> ControlNet:
    sha256 = name.encode().hex().ljust(64, "0")[:64]
    return ControlNet.objects.create(
        **{"name": name, "title": name.title(), "family": family, "path": name, "sha256": sha256, **fields}
    )


def annotator(name: str = "far", task: str = "depth", **fields: object) -> Annotator:
    sha256 = name.encode().hex().ljust(64, "1")[:64]
    return Annotator.objects.create(
        **{"name": name, "title": name.title(), "task": task, "path": name, "sha256": sha256, **fields}
    )


def pinned(user: User, *picks: ControlPick) -> tuple[ControlPick, ...]:
    recipe = Recipe("a cat", controls=picks)
    return pin_weights(resolve(user, recipe), recipe).controls


def test_folders_and_files_come_in(db: None, tmp_path: Path) -> None:
    shutil.copytree(tiny_controlnet("sd1"), tmp_path / "controlnets" / "sd15-canny")
    shutil.copy(tiny_controlnet_file("sdxl", "diffusers"), tmp_path / "controlnets" / "xl-depth.safetensors")
    shutil.copytree(tiny_depth_annotator(), tmp_path / "annotators" / "dpt")
    shutil.copytree(tiny_sam(), tmp_path / "annotators" / "sam")
    assert [found.outcome for found in import_folder(tmp_path)] == ["added"] * 4
    rows = dict(ControlNet.objects.values_list("name", "family"))
    assert rows == {"sd15-canny": "sd1", "xl-depth": "sdxl"}
    assert ControlNet.objects.get(name="sd15-canny").usual_preprocessor == "canny"
    assert dict(Annotator.objects.values_list("name", "task")) == {"dpt": "depth", "sam": "segment"}
    assert [found.outcome for found in import_folder(tmp_path)] == ["unchanged"] * 4


def test_names_are_pinned(alice: User, catalog: Checkpoint) -> None:
    row, seer = controlnet(), annotator()
    plain, seen = pinned(alice, ControlPick("edges", PICTURE), ControlPick("edges", PICTURE, preprocessor="far"))
    assert (plain.sha256, plain.annotator_sha256) == (row.sha256, "")
    assert (seen.sha256, seen.annotator_sha256) == (row.sha256, seer.sha256)


@pytest.mark.parametrize(
    ("pick", "code", "words"),
    [
        (ControlPick("edgy", PICTURE), "unknown-controlnet", "no ControlNet “edgy”. Did you mean “edges”"),
        (ControlPick("large", PICTURE), "wrong-family", "“Large” is for SDXL; “Emoji Diffusion” is Mini"),
        (ControlPick("edges", PICTURE, preprocessor="cany"), "unknown-preprocessor", "Did you mean “canny”"),
        (ControlPick("edges", PICTURE, preprocessor="clicks"), "unknown-preprocessor", "no preprocessor “clicks”"),
        (ControlPick("private", PICTURE), "unknown-controlnet", "no ControlNet “private”"),
    ],
)
def test_what_does_not_fit_is_refused(
    alice: User, charlie: User, catalog: Checkpoint, pick: ControlPick, code: str, words: str
) -> None:
    controlnet()
    controlnet("large", "sdxl")
    controlnet("private", owner=charlie, is_public=False)
    annotator("clicks", "segment")
    with pytest.raises(Refusal, match=words) as caught:
        pinned(alice, pick)
    assert (caught.value.code, caught.value.field) == (code, "controls")


def test_a_text_gives_them_back_only_with_their_picture(alice: User, catalog: Checkpoint) -> None:
    row = controlnet()
    text = write_infotext(Recipe("a cat", controls=(ControlPick("edges", PICTURE, row.sha256, "canny"),)))
    matched = read_recipe_text(alice, text)
    assert matched.controls == ()
    (missed,) = [miss for miss in matched.unmatched if miss.kind == "picture"]
    assert "ControlNet “edges” read a picture (aaaaaaaaaa…)" in missed.message
