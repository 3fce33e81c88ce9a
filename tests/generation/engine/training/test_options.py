"""Each setting of the recipe does what its sentence says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from generation.engine.training.buckets import Size
from generation.engine.training.pictures import dataset_hash, fitted
from generation.engine.training.trainer import TrainingPicture
from tests.generation.engine.training.lessons import bar, bars, recipe, run


def learned(folder: Path, **changes: Any) -> dict[str, Tensor]:
    pictures = changes.pop("pictures", None)
    return load_file(run(folder, recipe(steps=changes.pop("steps", 3), **changes), pictures=pictures)[1][-1].file)


def furthest(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name].float() - other[name].float()).abs().max()) for name in one)


@pytest.mark.parametrize(
    "changes",
    [
        {"flip": True},
        {"caption_dropout": 1.0},
        {"noise_offset": 0.5},
        {"min_snr_gamma": 5.0},
        {"warmup_steps": 3},
        {"schedule": "linear"},
        {"gradient_accumulation": 2},
        {"prior_weight": 1.0, "prior_prompt": "a dog", "prior_pictures": 2},
        {"weight_decay": 1.0},
        {"alpha": 1.0},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_setting_changes_what_is_learned(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert furthest(learned(tmp_path / "plain"), learned(tmp_path / "set", **changes)) > 0


def test_caches_change_nothing(tmp_path: Path) -> None:
    assert furthest(learned(tmp_path / "kept"), learned(tmp_path / "fresh", cache=False)) < 1e-4


def test_gradient_checkpointing_changes_nothing_but_what_is_kept_for_the_way_back(tmp_path: Path) -> None:
    with kept_for_the_way_back() as plain:
        one = learned(tmp_path / "kept", steps=1)
    with kept_for_the_way_back() as spared:
        other = learned(tmp_path / "again", steps=1, gradient_checkpointing=True)
    assert furthest(one, other) < 1e-4
    assert 0 < max(spared) < max(plain) / 2


@contextmanager
def kept_for_the_way_back() -> Iterator[list[int]]:
    """Fills with the numbers of values that autograd had kept, after each one that it kept."""
    totals, alive = [0], [0]

    def pack(tensor: Tensor) -> Tensor:
        alive[0] += tensor.numel()
        totals.append(alive[0])
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield totals


def test_flips_learn_both_sides(tmp_path: Path) -> None:
    """A symmetric picture is learned alike with flips and without."""
    whole = np.concatenate([bar(0)[:, :32], bar(0)[:, :32][:, ::-1]], axis=1)
    pictures = [TrainingPicture("one", np.ascontiguousarray(whole), "a cat")]
    plain = learned(tmp_path / "plain", pictures=pictures)
    assert furthest(plain, learned(tmp_path / "flipped", pictures=pictures, flip=True)) < 1e-4


@pytest.mark.parametrize(
    "parts, begins, holds",
    [
        (("attention",), "lora_unet_", "attn1_to_q"),
        (("feed_forward",), "lora_unet_", "ff_net_0_proj"),
        (("convolution",), "lora_unet_", "resnets_0_conv1"),
        (("text_encoder",), "lora_te_text_model_", "self_attn_q_proj"),
    ],
)
def test_a_part_learns_alone(tmp_path: Path, parts: tuple[str, ...], begins: str, holds: str) -> None:
    tensors = learned(tmp_path, parts=parts, text_learning_rate=1e-3)
    assert all(name.startswith(begins) for name in tensors)
    assert any(holds in name for name in tensors)
    assert any(bool(tensor.any()) for name, tensor in tensors.items() if name.endswith("lora_up.weight"))


def test_all_parts_learn_together(tmp_path: Path) -> None:
    tensors = learned(tmp_path, parts=("attention", "feed_forward", "convolution", "text_encoder"))
    still = [name for name, tensor in tensors.items() if name.endswith("lora_up.weight") and not tensor.any()]
    # The last text layer's states are read through its norm alone; whatever has no part in the answer cannot learn.
    assert still == []


def test_wide_and_tall_pictures_are_learned_as_they_are(tmp_path: Path) -> None:
    pictures = [
        TrainingPicture("wide", bar(0, 96, 48), "a cat"),
        TrainingPicture("tall", bar(1, 48, 96), "a dog"),
        TrainingPicture("square", bar(2), "a car", held_out=True),
    ]
    tensors = learned(tmp_path, pictures=pictures, steps=4)
    assert all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())


def test_a_focus_decides_what_is_cut_away() -> None:
    """A long picture of two halves is cut to either of them; within a crop the focus is that of the crop."""
    both = np.concatenate([np.zeros((64, 192, 3), np.uint8), np.full((64, 192, 3), 255, np.uint8)], axis=1)
    seen = {
        focus: float(fitted(TrainingPicture("one", both, focus=focus), Size(64, 64)).values.mean())
        for focus in ((0.2, 0.5), (0.8, 0.5))
    }
    assert seen == {(0.2, 0.5): -1, (0.8, 0.5): 1}
    cropped = TrainingPicture("one", both, crop=(0.5, 0, 1, 1), focus=(0.625, 0.5))
    assert cropped.focus_in_crop == (0.25, 0.5)
    assert TrainingPicture("one", both, crop=(0.5, 0, 1, 1), focus=(0.1, 0.5)).focus_in_crop == (0.0, 0.5)
    plain, chosen = TrainingPicture("one", both), TrainingPicture("one", both, focus=(0.2, 0.5))
    assert dataset_hash([plain]) != dataset_hash([chosen])


def test_a_crop_leaves_out_what_is_outside_it(tmp_path: Path) -> None:
    """Two pictures that differ only outside their crops teach the same."""
    left = [
        TrainingPicture("one", np.concatenate([bar(1), bar(n)], axis=1), "a cat", crop=(0, 0, 0.5, 1)) for n in (0, 5)
    ]
    one, other = (learned(tmp_path / str(n), pictures=[picture]) for n, picture in enumerate(left))
    assert furthest(one, other) == 0


def test_folds_measure_on_every_picture_and_learn_them_all(tmp_path: Path) -> None:
    _, measured, _ = run(tmp_path, recipe(folds=2, steps=4), pictures=bars(4, held_out=0))
    assert measured[-1].validation_loss is not None and measured[-1].similarity_validation is None
    whole = run(tmp_path / "whole", recipe(folds=1, steps=4), pictures=bars(4, held_out=0))[1][-1]
    assert whole.validation_loss is None
    one, other = load_file(measured[-1].file), load_file(whole.file)
    assert furthest(one, other) == 0, "what is kept is learned from all pictures, whatever the folds learn"


def test_nothing_held_out_proposes_the_last(tmp_path: Path) -> None:
    _, _, finished = run(tmp_path, pictures=bars(3, held_out=0))
    assert finished.best_step == 6 and "no picture was held out" in finished.reason


def test_captions_default_to_the_trigger(tmp_path: Path) -> None:
    said = learned(tmp_path / "a", pictures=[TrainingPicture("x", bar(1), "cat")])
    meant = learned(tmp_path / "b", pictures=[TrainingPicture("x", bar(1), " ")])
    assert furthest(said, meant) == 0


def test_the_prior_is_what_the_base_draws_whatever_is_learned(tmp_path: Path) -> None:
    def prior(folder: Path, **changes: Any) -> dict[str, Tensor]:
        run(folder, recipe(steps=2, prior_weight=0.3, prior_prompt="a dog", prior_pictures=3), **changes)
        return load_file(folder / "prior.safetensors")

    drawn, beside_others = prior(tmp_path / "one"), prior(tmp_path / "other", pictures=bars(6))
    assert len(drawn) == 3 and not torch.equal(drawn["0"], drawn["1"])
    assert furthest(drawn, beside_others) == 0
