"""Uploads of LoRAs: what is kept, under which name, and everything that is refused before a library sees it."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from accounts.refusals import Conflict, QuotaExceeded, Refusal
from generation.catalog.importing import import_folder
from generation.catalog.loras import files
from generation.catalog.loras.uploads import Upload, add_upload
from generation.models import Lora
from tests.generation.catalog.loras.conftest import Bring
from tests.lora_files import lora_bytes


def send(user: User, data: bytes, name: str = "x.safetensors") -> Lora:
    return add_upload(user, Upload(name, len(data), [data]))


def left_behind() -> list[Path]:
    return [path for folder in files.FOLDERS for path in (files.root() / folder).glob("*")]


def test_an_upload_is_private_and_lies_under_its_hash(alice: User, bring: Bring) -> None:
    lora = bring(alice, name="My Style.safetensors")
    assert (lora.name, lora.title, lora.family, lora.owner, lora.is_public) == (
        "my-style", "My Style", "mini", alice, False,
    )  # fmt: skip
    assert lora.path == f"uploads/{lora.sha256}.safetensors"
    assert (files.root() / lora.path).read_bytes() == lora_bytes(1)
    assert [path.name for path in left_behind()] == [f"{lora.sha256}.safetensors"]


def test_an_import_by_the_operator_leaves_peoples_files_alone(alice: User, bring: Bring) -> None:
    bring(alice)
    assert list(import_folder(files.root())) == []


NAMES = [
    "../../etc/passwd", "..\\..\\x.safetensors", "%2e%2e%2fx.safetensors", "/etc/shadow", "C:\\x.safetensors",
    "a\x00b.safetensors", "\\\\server\\share", "CON", "n" * 3000, "\u202egpj.exe.safetensors", "", ".", "..", " ",
    "<script>.safetensors", "a\nb.safetensors", "日本語.safetensors", "upload.safetensors",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_anywhere(alice: User, bring: Bring, name: str) -> None:
    opened: list[str] = []
    watching = True

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if watching and event == "open" and isinstance(args[0], str) and isinstance(args[1], str) and "w" in args[1]:
            opened.append(args[0])

    sys.addaudithook(watch)
    lora = bring(alice, name=name)
    watching = False
    assert all(Path(path).resolve().is_relative_to(files.root().resolve()) for path in opened)
    assert lora.path == f"uploads/{lora.sha256}.safetensors"
    assert lora.name and lora.name != "upload"
    assert all(sign in "-_" or unicodedata.category(sign)[0] in "LNM" for sign in lora.name)
    assert lora.title and lora.title.isprintable() and len(lora.title) <= 120


def header(document: dict[str, Any], data: bytes = b"") -> bytes:
    text = json.dumps(document).encode()
    return len(text).to_bytes(8, "little") + text + data


HALF = {"lora_unet_x.lora_down.weight": {"dtype": "F32", "shape": [1, 128], "data_offsets": [0, 512]}}
BAD = {
    "pickle": b"\x80\x04\x95" + b"x" * 100,
    "zip": b"PK\x03\x04" + b"x" * 100,
    "gguf": b"GGUF" + b"x" * 100,
    "empty": b"",
    "claims": (2**63 - 1).to_bytes(8, "little") + b"{}",
    "no tensors": header({}),
    "trailing": lora_bytes(1) + b"x",
    "cut": lora_bytes(1)[:-1],
    "half a pair": header(HALF, b"\0" * 512),
    "not a LoRA": header({"x.y": {"dtype": "F32", "shape": [2, 3, 4], "data_offsets": [0, 96]}}, b"\0" * 96),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_lora_is_refused_and_leaves_nothing(alice: User, kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        send(alice, BAD[kind])
    assert refused.value.field == "file" and ".part-" not in refused.value.message
    assert left_behind() == [] and not Lora.objects.exists()


@pytest.mark.parametrize("name", ["x.SafeTensors", "x.ckpt", "x.safetensors.pt", "x"])
def test_the_ending_decides_nothing(alice: User, name: str) -> None:
    with pytest.raises(Refusal, match="pickle"):
        send(alice, BAD["pickle"], name)


def test_a_checkpoint_is_not_taken_here(alice: User) -> None:
    data = header(
        {"decoder.conv_in.weight": {"dtype": "F32", "shape": [1, 4, 1, 1], "data_offsets": [0, 16]}}, b"0" * 16
    )
    with pytest.raises(Refusal, match="is a vae"):
        send(alice, data)


def test_more_bytes_than_are_said_are_not_written(alice: User, settings: Any) -> None:
    settings.LORA_UPLOAD_MB = 1
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 2**18

    with pytest.raises(files.TooLarge):
        add_upload(alice, Upload("x", 10, endless()))
    assert taken == 5 and left_behind() == []
    with pytest.raises(files.TooLarge):
        add_upload(alice, Upload("x", 2**30, iter(())))


def test_a_plan_holds_so_many(alice: User, bring: Bring) -> None:
    alice.plan.max_lora_uploads = 1
    bring(alice, 1)
    with pytest.raises(QuotaExceeded, match="Delete one"):
        bring(alice, 2)


def test_storage_is_one_for_pictures_and_files(alice: User, bring: Bring) -> None:
    alice.plan.storage_bytes = len(lora_bytes(1)) + 10
    bring(alice, 1)
    with pytest.raises(QuotaExceeded, match="of your plan. Delete some to make room"):
        bring(alice, 2)


def test_the_same_file_twice_is_said(alice: User, bring: Bring) -> None:
    bring(alice, 1, "one.safetensors")
    with pytest.raises(Conflict, match="as “one”"):
        bring(alice, 1, "two.safetensors")


def test_somebody_elses_same_file_is_not_told(alice: User, charlie: User, bring: Bring) -> None:
    hers, his = bring(alice, 1), bring(charlie, 1)
    assert (hers.sha256, hers.path) == (his.sha256, his.path)
    assert his.name == "my-style-2" and list(Lora.objects.usable_by(charlie)) == [his]


def test_orphans_are_swept_after_a_day(alice: User, bring: Bring) -> None:
    import os

    lora, part = bring(alice), files.fresh_file("uploads")
    assert files.sweep_orphans() == 0
    for path in left_behind():
        os.utime(path, (0, 0))
    assert files.sweep_orphans() == 1 and not part.exists()
    assert (files.root() / lora.path).exists()
