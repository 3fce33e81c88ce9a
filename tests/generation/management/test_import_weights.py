"""`manage.py import_weights`: fills the catalog from the weights folders."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from generation.models import Checkpoint


def test_it_works(db: None) -> None:
    assert call_command("import_weights") == "3 added"
    assert Checkpoint.objects.count() == 1
    assert call_command("import_weights") == "3 unchanged"


@pytest.mark.parametrize("name", ["old.ckpt", "OLD.CKPT", "embeddings/bad-hands.pt", "vae.pth", "word.bin"])
def test_a_pickle_is_named_and_not_opened(db: None, name: str) -> None:
    assert why_skipped(name).endswith(
        "can run code of its maker when it is opened. Take or convert it to .safetensors."
    )


@pytest.mark.parametrize("name", ["flux-q4.gguf", "unet.onnx"])
def test_weights_in_a_foreign_format_are_named(db: None, name: str) -> None:
    assert why_skipped(name).endswith("is not read by Tempera. Take or convert it to .safetensors.")


def test_what_lies_beside_weights_is_not_named(db: None) -> None:
    weights_folder("note.txt", "model.yaml", "preview.png", "model.card.json", "old.ckpt")
    out = StringIO()
    assert call_command("import_weights", stdout=out) == "1 skipped, 3 added"
    assert len(out.getvalue().splitlines()) == 5


def why_skipped(name: str) -> str:
    weights_folder(name)
    out = StringIO()
    call_command("import_weights", stdout=out)
    (line,) = (line for line in out.getvalue().splitlines() if line.startswith(Path(name).name))
    return line


def weights_folder(*names: str) -> None:
    for name in names:
        path = Path(settings.WEIGHTS_DIRS[0]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not to be opened")


def test_a_folder_elsewhere_is_refused_with_the_right_place(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Put the weights under"):
        call_command("import_weights", tmp_path)


def test_a_missing_folder_is_refused(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("import_weights", tmp_path / "missing")
