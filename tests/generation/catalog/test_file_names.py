"""What a file was called stays usable: in prompts, in pictures that are read, in addresses."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from PIL import Image, PngImagePlugin
from safetensors.numpy import save_file

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.importing import import_folder
from generation.catalog.inspecting import inspect_prompt
from generation.catalog.loras.uploads import Upload, add_upload
from generation.catalog.matching import read_recipe
from generation.catalog.resolving import find_checkpoint
from generation.jobs.submission import submit_jobs
from generation.models import Checkpoint, Embedding, Lora
from generation.recipes.picture import Recipe

EMBEDDINGS = ("By careless artist -neg", "bad_hands_v1.3", "negatif-é", "水墨🎨")
LORAS = ("Ink Lines v1.5", "線画スタイル", "styles/水墨🎨", "🎨", "🖌")
LAYER = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"


def save_lora(path: Path, number: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Any] = {
        f"{LAYER}.lora_down.weight": np.full((1, 128), number / 100, np.float16),
        f"{LAYER}.lora_up.weight": np.full((96, 1), 0.01, np.float16),
        f"{LAYER}.alpha": np.array(1.0, np.float32),
    }
    save_file(tensors, path, metadata={"ss_base_model_version": "mini"})
    return path


@pytest.fixture
def folder(catalog: Checkpoint, tmp_path: Path) -> Path:
    place = tmp_path / "brought"
    (place / "embeddings").mkdir(parents=True)
    for number, name in enumerate(EMBEDDINGS, 1):
        vectors = np.full((2, 128), number / 100, np.float32)
        save_file({"emb_params": vectors}, place / "embeddings" / f"{name}.safetensors")
    for number, name in enumerate(LORAS, 1):
        save_lora(place / f"{name}.safetensors", number)
    assert {found.outcome for found in import_folder(place)} == {"added"}
    return place


def recipe_of(user: User, prompt: str, negative_prompt: str = "") -> Recipe:
    recipe = Recipe(prompt, negative_prompt, width=128, height=128, steps=4)
    return submit_jobs(user, recipe)[0].recipe


def picture(text: str) -> SimpleUploadedFile:
    file, info = io.BytesIO(), PngImagePlugin.PngInfo()
    info.add_itxt("parameters", text)
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=info)
    return SimpleUploadedFile("picture.png", file.getvalue())


def test_names_tell_files_apart(folder: Path) -> None:
    assert set(Embedding.objects.values_list("name", flat=True)) == {
        "By-careless-artist-neg", "bad_hands_v1-3", "negatif-é", "水墨"
    }  # fmt: skip
    hashes = {row.file_name: row.autov2 for row in Lora.objects.all()}
    assert {"Ink-Lines-v1-5", "線画スタイル", "水墨", f"lora-{hashes['🎨']}", f"lora-{hashes['🖌']}"} <= set(
        Lora.objects.values_list("name", flat=True)
    )


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_an_embedding_is_found_by_the_name_of_its_file(folder: Path, alice: User, name: str) -> None:
    out = io.StringIO()
    call_command("inspect_prompt", f"a cat, {name}, dog", stdout=out)
    row = Embedding.objects.get(file_name=f"embeddings/{name}")
    assert f"embedding:   {row.name} (found)" in out.getvalue()
    assert "Nothing is wrong." in out.getvalue()
    assert [(pick.name, pick.sha256) for pick in recipe_of(alice, "a cat", f"{name.upper()}, dog").embeddings] == [
        (name, row.sha256)
    ]


def test_tokens_count_its_vectors(folder: Path, alice: User, catalog: Checkpoint) -> None:
    found = inspect_prompt(alice, "水墨🎨, bad_hands_v1.3", checkpoint=catalog, steps=4)
    assert found.prompt.tokens == 2 + 1 + 2


def test_embeddings_of_a_picture_are_in_the_job(folder: Path, alice: User) -> None:
    hashes = {row.file_name: row.sha256[:12] for row in Embedding.objects.all()}
    pairs = ", ".join(f"{name}: {hashes[f'embeddings/{name}']}" for name in EMBEDDINGS[:2])
    negative = f"Negative prompt: {EMBEDDINGS[0]}, {EMBEDDINGS[1]}"
    text = f'a red apple\n{negative}\nSteps: 20, Sampler: Euler, Seed: 1, TI hashes: "{pairs}"'
    matched = read_recipe(alice, picture(text))
    assert matched.unmatched == []
    recipe = recipe_of(alice, matched.values["prompt"], matched.values["negative_prompt"])
    assert [pick.name for pick in recipe.embeddings] == list(EMBEDDINGS[:2])


def test_a_tag_names_no_embedding(folder: Path, alice: User) -> None:
    assert recipe_of(alice, "a cat <lora:水墨🎨:0.5>").embeddings == ()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("Ink Lines v1.5", ["Ink Lines v1.5", "ink lines v1.5.safetensors", "Ink-Lines-v1-5"]),
        ("線画スタイル", ["線画スタイル", "線画スタイル.safetensors"]),
        ("styles/水墨🎨", ["水墨🎨", "styles/水墨🎨", "styles\\水墨🎨.safetensors", "水墨"]),
        ("🎨", ["🎨"]),
    ],
)
def test_a_lora_is_found_by_the_name_of_its_file(folder: Path, alice: User, file: str, words: list[str]) -> None:
    row = Lora.objects.get(file_name=file)
    for word in words:
        (pick,) = recipe_of(alice, f"a red apple <lora:{word}:0.7>").loras
        assert (pick.name, pick.sha256) == (row.name, row.sha256), word


def test_loras_of_a_picture_without_hashes_are_known(folder: Path, alice: User) -> None:
    text = "a red apple <lora:Ink Lines v1.5:0.7> <lora:線画スタイル:0.5>"
    matched = read_recipe(alice, picture(f"{text}\nSteps: 20, Sampler: Euler, Seed: 1"))
    assert matched.unmatched == []
    assert matched.values["prompt"] == text
    assert [pick.name for pick in recipe_of(alice, text).loras] == ["Ink-Lines-v1-5", "線画スタイル"]


def test_its_page_opens(folder: Path, alices: Client) -> None:
    for lora in Lora.objects.all():
        assert alices.get(reverse("lora", args=[lora.name])).status_code == 200
        assert alices.get(reverse("api-lora", args=[lora.name])).status_code == 200


def test_an_address_with_what_cannot_be_seen_is_none(alices: Client) -> None:
    assert alices.get("/loras/%00/").status_code in (400, 404)


def test_two_files_of_one_name_are_told_apart_by_their_folder(catalog: Checkpoint, alice: User, tmp_path: Path) -> None:
    for number, name in enumerate(("a/My Style", "b/My Style", "c/plain", "d/plain"), 1):
        save_lora(tmp_path / "two" / f"{name}.safetensors", number)
    assert len(list(import_folder(tmp_path / "two"))) == 4
    names = dict(Lora.objects.exclude(file_name="").values_list("file_name", "name"))
    assert [names[f"{name}"] for name in ("a/My Style", "b/My Style", "c/plain", "d/plain")] == [
        "My-Style", "b-My-Style", "plain", "d-plain"
    ]  # fmt: skip
    with pytest.raises(Refusal, match="“My Style” .* several LoRAs.*“b-My-Style” or “My-Style”") as refused:
        recipe_of(alice, "a cat <lora:My Style:1>")
    assert refused.value.code == "several-loras"
    (pick,) = recipe_of(alice, "a cat <lora:b/My Style:1>").loras
    assert pick.name == "b-My-Style"
    found = inspect_prompt(alice, "<lora:plain:1>", checkpoint=catalog, steps=4).prompt
    assert [(each.code, each.severity) for each in found.problems] == [("namesake", "warning")]


def test_ones_own_file_is_meant_before_the_sites(folder: Path, alice: User, charlie: User, tmp_path: Path) -> None:
    file = save_lora(tmp_path / "x.safetensors", 77)
    mine = add_upload(alice, Upload("Ink Lines v1.5.safetensors", file.stat().st_size, [file.read_bytes()]))
    assert (mine.name, mine.file_name) == ("ink-lines-v1-5-2", "Ink Lines v1.5")
    assert recipe_of(alice, "a cat <lora:Ink Lines v1.5:1>").loras[0].name == mine.name
    found = inspect_prompt(charlie, "<lora:Ink Lines v1.5:1>", checkpoint=None, steps=4).prompt
    assert [(each.name, each.status) for each in found.mentions] == [("Ink-Lines-v1-5", "found")]


def test_several_embeddings_of_one_name_are_told(catalog: Checkpoint, alice: User, tmp_path: Path) -> None:
    for number, place in enumerate(("a", "b"), 1):
        (tmp_path / "two" / place).mkdir(parents=True)
        save_file(
            {"emb_params": np.full((1, 128), number, np.float32)}, tmp_path / "two" / place / "My Neg.safetensors"
        )
    assert len(list(import_folder(tmp_path / "two"))) == 2
    with pytest.raises(Refusal, match="several embeddings"):
        recipe_of(alice, "a cat", "My Neg")
    assert [pick.name for pick in recipe_of(alice, "a cat", "b-My-Neg, a/My Neg").embeddings] == [
        "b-My-Neg",
        "a/My Neg",
    ]


def test_a_checkpoint_is_found_by_the_name_of_its_file(catalog: Checkpoint, alice: User) -> None:
    Checkpoint.objects.update(name="Dream-v1-5", file_name="models/Dream v1.5")
    for name in ("Dream-v1-5", "Dream v1.5", "dream v1.5.safetensors", "models/Dream v1.5"):
        assert find_checkpoint(alice, name).name == "Dream-v1-5"
