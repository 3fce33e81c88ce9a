"""One training step twice: as ours does it, and as diffusers' text-to-image LoRA example does it.

`python -m tests.benchmarks._training_loops ours|theirs STEPS` prints the peak resident memory of that loop alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from diffusers.optimization import get_scheduler
from peft import LoraConfig
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from generation.engine.training.buckets import Size
from generation.engine.training.pictures import fitted
from generation.engine.training.session import Session
from generation.recipes.training import TrainingRecipe
from tests.generation.engine.training.lessons import noto_pictures
from tests.tiny_weights import BUNDLED_CHECKPOINT

RECIPE = TrainingRecipe(rank=8, alpha=8.0, batch=4, learning_rate=1e-3)
SIDE = 128


def ours(folder: Path) -> Callable[[], object]:
    """One step of the trainer with everything cached."""
    device = torch.device("cpu")
    return Session(RECIPE, BUNDLED_CHECKPOINT, noto_pictures(), folder, nullcontext, device).learn


class DiffusersLoop:
    """Every step encodes its pictures and captions anew, as `train_text_to_image_lora.py` does."""

    def __init__(self) -> None:
        kinds: dict[str, Any] = {"unet": UNet2DConditionModel, "vae": AutoencoderKL, "text_encoder": CLIPTextModel}
        self.parts = {
            name: kind.from_pretrained(BUNDLED_CHECKPOINT / name, dtype=torch.float32).requires_grad_(False)
            for name, kind in kinds.items()
        }
        self.tokenizer = CLIPTokenizer.from_pretrained(BUNDLED_CHECKPOINT / "tokenizer")
        self.noise = DDPMScheduler.from_pretrained(BUNDLED_CHECKPOINT / "scheduler")
        targets = ["to_k", "to_q", "to_v", "to_out.0"]
        unet = self.parts["unet"]
        unet.add_adapter(LoraConfig(r=8, lora_alpha=8, init_lora_weights="gaussian", target_modules=targets))
        self.learned = [weight for weight in unet.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(self.learned, lr=1e-3, weight_decay=0.01)
        self.rate = get_scheduler("constant", optimizer=self.optimizer)
        pictures = [one for one in noto_pictures() if not one.held_out]
        self.pixels = torch.cat([fitted(one, Size(SIDE, SIDE)).values for one in pictures])
        self.captions = [one.caption for one in pictures]

    def step(self) -> float:
        picked = torch.randperm(len(self.pixels))[: RECIPE.batch].tolist()
        vae = self.parts["vae"]
        latents = vae.encode(self.pixels[picked]).latent_dist.sample() * vae.config.scaling_factor
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, self.noise.config.num_train_timesteps, (len(picked),))
        noisy = self.noise.add_noise(latents, noise, timesteps)
        ids = self.tokenizer(
            [self.captions[index] for index in picked],
            max_length=self.tokenizer.model_max_length,
            padding="max_length",
            truncation=True,
            return_tensors="pt",
        ).input_ids
        states = self.parts["text_encoder"](ids, return_dict=False)[0]
        target = self.noise.get_velocity(latents, noise, timesteps)
        answer = self.parts["unet"](noisy, timesteps, states, return_dict=False)[0]
        loss = functional.mse_loss(answer.float(), target.float(), reduction="mean")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.learned, 1.0)
        self.optimizer.step()
        self.rate.step()
        self.optimizer.zero_grad()
        return float(loss.detach())


def main() -> None:
    which, steps = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        step = ours(Path(folder)) if which == "ours" else DiffusersLoop().step
        for _ in range(steps):
            step()
    print(peak_mebibytes())


def peak_mebibytes() -> float:
    """Of this program alone: what `getrusage` tells also counts the process that started it, up to then."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
