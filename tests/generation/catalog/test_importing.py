"""The catalog is filled from headers: each file one row, told by its hash; what cannot be used is refused by name."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import resolve

from accounts.models import User
from generation.catalog import importing
from generation.catalog.importing import import_folder
from generation.models import Checkpoint, Lora, Vae
from generation.weightfiles.classify import WeightFile, read_weightfile
from tests.lora_files import lora_bytes
from tests.tiny_weights import tiny_checkpoint, tiny_vae

BUNDLED = Path(settings.BASE_DIR) / "generation" / "bundled"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(BUNDLED / "loras", tmp_path / "loras")
    return tmp_path


def outcomes(folder: Path) -> list[str]:
    return [found.outcome for found in import_folder(folder)]


def test_it_works(db: None) -> None:
    assert outcomes(BUNDLED) == ["added"] * 3
    checkpoint = Checkpoint.objects.get()
    assert (checkpoint.name, checkpoint.family, checkpoint.layout) == ("emoji-diffusion", "mini", "folder")
    assert (checkpoint.native_width, checkpoint.chunk_tokens, checkpoint.is_default) == (128, 30, True)
    assert (checkpoint.title, checkpoint.default_cfg_scale) == ("Emoji Diffusion", 4.0)
    assert set(Lora.objects.values_list("name", "family")) == {("fluent-3d", "mini"), ("line-art", "mini")}
    assert outcomes(BUNDLED) == ["unchanged"] * 3


def test_an_inpainting_checkpoint_is_known_by_its_first_layer(db: None, tmp_path: Path) -> None:
    """And it is not what everybody's first picture is drawn with."""
    folder = tmp_path / "inpainting"
    shutil.copytree(tiny_checkpoint("sd1", channels=9), folder)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | {"_class_name": "StableDiffusionInpaintPipeline"}))
    assert outcomes(tmp_path) == ["added"]
    found = Checkpoint.objects.get()
    assert (found.is_inpainting, found.is_default, found.family) == (True, False, "sd1")
    assert outcomes(BUNDLED)[0] == "added"
    assert not Checkpoint.objects.get(family="mini").is_inpainting


def test_a_folder_with_a_vae_is_one_row(db: None, tmp_path: Path) -> None:
    shutil.copytree(tiny_vae(), tmp_path / "vaes" / "softer")
    assert outcomes(tmp_path) == ["added"]
    found = Vae.objects.get()
    assert (found.name, found.path) == ("softer", "vaes/softer")
    assert outcomes(tmp_path) == ["unchanged"]


def test_links_that_lead_back_neither_loop_nor_double(
    db: None, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nor do they bring in what people uploaded, which their own rows are for."""
    (folder / "uploads").mkdir()
    (folder / "loras" / "line-art.safetensors").rename(folder / "uploads" / "a.safetensors")
    (folder / "link").symlink_to(folder)
    (folder / "theirs").symlink_to(folder / "uploads")
    other = tmp_path_factory.mktemp("other")
    shutil.move(folder / "loras" / "fluent-3d.safetensors", other / "b.safetensors")
    (other / "again").symlink_to(other)
    (other / "back").symlink_to(folder.parent)
    (folder / "other").symlink_to(other)
    assert outcomes(folder) == ["added"]
    assert Lora.objects.get().path == "other/b.safetensors"


def test_a_moved_file_is_the_same_row(db: None, folder: Path) -> None:
    outcomes(folder)
    (folder / "loras" / "line-art.safetensors").rename(folder / "ink.safetensors")
    assert outcomes(folder) == ["updated", "unchanged"]
    assert Lora.objects.get(name="line-art").path == "ink.safetensors"


def test_another_file_in_its_place_is_another_row(db: None, folder: Path) -> None:
    outcomes(folder)
    place = folder / "loras" / "line-art.safetensors"
    shutil.copy(folder / "loras" / "fluent-3d.safetensors", place)
    (folder / "loras" / "fluent-3d.safetensors").unlink()
    Lora.objects.get(name="fluent-3d").delete()
    assert outcomes(folder) == ["added"]
    kept = Lora.objects.get(is_enabled=True)
    assert (kept.name, kept.path) == ("line-art", "loras/line-art.safetensors")
    assert Lora.objects.get(is_enabled=False).path == ""


@pytest.mark.parametrize("word", ["upload", "Merge", "merges"])
def test_a_lora_named_like_a_page_gets_a_number(db: None, folder: Path, word: str) -> None:
    (folder / "loras" / "line-art.safetensors").rename(folder / f"{word}.safetensors")
    outcomes(folder)
    lora = Lora.objects.get(path=f"{word}.safetensors")
    assert lora.name == f"{word}-2"
    assert resolve(f"/loras/{lora.name}/").url_name == "lora"


def test_a_lora_named_like_a_series_gets_a_number(db: None, folder: Path) -> None:
    """Else the word that prompts use for the newest of the series would mean the new file."""
    Lora.objects.create(name="ink-v1", series="ink", title="Ink", family="mini", path="x", sha256="a" * 64)
    (folder / "loras" / "line-art.safetensors").rename(folder / "INK.safetensors")
    outcomes(folder)
    assert Lora.objects.get(path="INK.safetensors").name == "INK-2"


def test_a_checkpoint_named_like_a_page_of_loras_keeps_its_name(db: None, tmp_path: Path) -> None:
    shutil.copytree(BUNDLED / "emoji-diffusion", tmp_path / "upload")
    outcomes(tmp_path)
    assert Checkpoint.objects.get().name == "upload"


def test_a_pickle_in_disguise_is_refused(db: None, tmp_path: Path) -> None:
    (tmp_path / "evil.safetensors").write_bytes(b"\x80\x04\x95not weights at all")
    (found,) = import_folder(tmp_path)
    assert found.outcome == "refused"
    assert not Lora.objects.exists()


def test_an_empty_or_missing_folder_is_no_error(db: None, tmp_path: Path) -> None:
    assert outcomes(tmp_path) == []
    assert outcomes(tmp_path / "missing") == []


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ("no JSON", "no JSON object"),
        ("[]", "no JSON object"),
        ('{"default_steps": 20}', "may have description, example_prompts, licence, title, trigger_words"),
        ('{"title": ""}', "wrong “title”"),
        ('{"trigger_words": "ink"}', "Write a list of texts"),
    ],
)
def test_a_card_that_cannot_be_is_told(db: None, folder: Path, card: str, why: str) -> None:
    (folder / "loras" / "line-art.card.json").write_text(card)
    refused = {found.path.name: found.sentence for found in import_folder(folder) if found.outcome == "refused"}
    assert why in refused.pop("line-art.safetensors") and not refused


@pytest.mark.parametrize(
    ("field", "value"),
    [("default_steps", '"many"'), ("default_steps", "0"), ("default_cfg_scale", "1e999"), ("default_sampler", '"Best"'),
     ("native_width", "700"), ("trigger_words", "[]")],
)  # fmt: skip
def test_a_checkpoints_card_recommends_what_can_be(db: None, tmp_path: Path, field: str, value: str) -> None:
    shutil.copytree(BUNDLED / "emoji-diffusion", tmp_path / "emoji")
    (tmp_path / "emoji.card.json").write_text(f'{{"{field}": {value}}}')
    (found,) = import_folder(tmp_path)
    assert found.outcome == "refused" and f"“{field}”" in found.sentence
    assert not Checkpoint.objects.exists()


def test_what_the_operator_set_outlives_a_move(db: None, alice: User, tmp_path: Path) -> None:
    shutil.copytree(BUNDLED / "emoji-diffusion", tmp_path / "emoji")
    outcomes(tmp_path)
    Checkpoint.objects.update(title="Mine", default_steps=7, owner=alice)
    (tmp_path / "emoji").rename(tmp_path / "moved")
    assert outcomes(tmp_path) == ["updated"]
    row = Checkpoint.objects.get()
    assert (row.title, row.default_steps, row.path, row.owner) == ("Mine", 7, "moved", alice)


def lora(path: Path, metadata: dict[str, str]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(lora_bytes(7, metadata))
    return path


@pytest.mark.parametrize(
    "metadata",
    [
        {"ss_tag_frequency": '{"x": {"a": 1e999}}'},
        {"ss_tag_frequency": "[" * 100_000},
        {"modelspec.license": "MIT\0"},
        {"modelspec.license": "l" * 500},
        {"modelspec.title": "a\0b"},
        {"modelspec.trigger_phrase": "a\0b"},
        {"ss_output_name": "\0"},
        {"ss_base_model_version": "\0"},
    ],
)
@pytest.mark.django_db(transaction=True)
def test_no_lora_keeps_the_others_waiting(tmp_path: Path, metadata: dict[str, str]) -> None:
    """Whatever its metadata says, it is taken with what can be read."""
    lora(tmp_path / "a.safetensors", metadata)
    lora(tmp_path / "b.safetensors", {})
    assert "refused" not in outcomes(tmp_path)
    rows = list(Lora.objects.all())
    assert len(rows) == 2
    assert all(text.isprintable() for row in rows for text in (row.title, row.licence, *row.trigger_words))


@pytest.mark.parametrize("name", [b"a\xff.safetensors", b"a\nb.safetensors", b"a\x1b[31m.safetensors"])
@pytest.mark.django_db(transaction=True)
def test_a_name_that_is_no_line_of_text(tmp_path: Path, name: bytes) -> None:
    shutil.copy(BUNDLED / "loras" / "fluent-3d.safetensors", tmp_path / os.fsdecode(name))
    shutil.copy(BUNDLED / "loras" / "line-art.safetensors", tmp_path)
    assert sorted(outcomes(tmp_path)) == ["added", "refused"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", r'"a\u0000b"'), ("title", r'"\ud800"'), ("description", r'"\u0000"'), ("licence", r'"\udfff"'),
        ("example_prompts", r'["a\u0000b"]'), ("default_steps", "1e999"), ("native_width", "1e999"),
        ("default_steps", "1" + "0" * 400), ("native_height", "-1e999"),
    ],
)  # fmt: skip
@pytest.mark.django_db(transaction=True)
def test_a_card_with_what_no_column_takes(tmp_path: Path, field: str, value: str) -> None:
    shutil.copytree(BUNDLED / "emoji-diffusion", tmp_path / "emoji")
    (tmp_path / "emoji.card.json").write_text(f'{{"{field}": {value}}}')
    (found,) = import_folder(tmp_path)
    assert found.outcome == "refused" and f"“{field}”" in found.sentence


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ("unet/config.json", '{"sample_size": 1e999}'), ("unet/config.json", '{"sample_size": 99999999999999999999}'),
        ("vae/config.json", '{"block_out_channels": 4}'), ("vae/config.json", '{"block_out_channels": {"a": 1}}'),
        ("tokenizer/tokenizer_config.json", '{"model_max_length": "many"}'),
        ("tokenizer/tokenizer_config.json", '{"model_max_length": -1e999}'),
    ],
)  # fmt: skip
@pytest.mark.django_db(transaction=True)
def test_a_checkpoints_configs_may_say_anything(tmp_path: Path, config: str, text: str) -> None:
    shutil.copytree(BUNDLED / "emoji-diffusion", tmp_path / "emoji")
    place = tmp_path / "emoji" / config
    kept = json.loads(place.read_text()) if place.exists() else {}
    place.write_text(json.dumps({**kept, **json.loads(text)}))
    assert set(outcomes(tmp_path)) <= {"added", "refused"}


@pytest.mark.parametrize("error", [ValueError("odd"), PermissionError(13, "Permission denied")])
def test_what_nobody_foresaw_is_told_of_one_file(
    db: None, folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def read(path: Path) -> WeightFile:
        if path.stem == "line-art":
            raise error
        return read_weightfile(path)

    monkeypatch.setattr(importing, "read_weightfile", read)
    assert sorted(outcomes(folder)) == ["added", "refused"]
    assert Lora.objects.get().name == "fluent-3d"
