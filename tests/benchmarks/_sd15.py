"""A checkpoint of SD 1.5's true size with random weights (4.3 GB in float32): to be measured, not to be looked at."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from generation.engine.families import CONFIGS

CONFIG = CONFIGS / "sd1"


@contextmanager
def random_sd15() -> Iterator[Path]:
    """A diffusers folder that is gone after the block."""
    folder = Path(tempfile.mkdtemp(prefix="tempera-sd15-"))
    try:
        torch.manual_seed(0)
        for part, kind in (("unet", UNet2DConditionModel), ("vae", AutoencoderKL)):
            kind.from_config(kind.load_config(CONFIG / part)).save_pretrained(folder / part)
        CLIPTextModel(CLIPTextConfig.from_pretrained(CONFIG / "text_encoder")).save_pretrained(folder / "text_encoder")
        shutil.copytree(CONFIGS / "clip_tokenizer", folder / "tokenizer")
        shutil.copytree(CONFIG / "scheduler", folder / "scheduler")
        shutil.copy(CONFIG / "model_index.json", folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
