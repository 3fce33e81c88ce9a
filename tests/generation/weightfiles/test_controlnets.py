"""ControlNets and annotators told from headers and configs; other ways to steer are refused by their name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from generation.weightfiles.classify import read_weightfile
from tests.generation.weightfiles.header_things import made, refusal
from tests.tiny_controls import (
    tiny_controlnet,
    tiny_controlnet_file,
    tiny_depth_annotator,
    tiny_pose_annotator,
    tiny_sam,
)


@pytest.mark.parametrize("layout", ["folder", "ldm", "diffusers"])
@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_controlnets_of_each_family(family: str, layout: str) -> None:
    path = tiny_controlnet(family) if layout == "folder" else tiny_controlnet_file(family, layout)
    found = read_weightfile(path)
    assert (found.kind, found.family, found.layout) == (
        "controlnet",
        family,
        "folder" if layout == "folder" else "file",
    )


def test_a_small_one_of_sdxl_attends_to_no_text(path: Path) -> None:
    tensors = load_file(tiny_controlnet_file("sdxl", "diffusers"))
    save_file({key: value for key, value in tensors.items() if ".attentions." not in key}, path)
    assert (read_weightfile(path).kind, read_weightfile(path).family) == ("controlnet", "sdxl")


@pytest.mark.parametrize(
    ("layout", "part"),
    [
        ("ldm", "zero_convs.1"),
        ("ldm", "time_embed"),
        ("ldm", "input_hint_block.14"),
        ("diffusers", "controlnet_down_blocks.1"),
        ("diffusers", "time_embed"),
        ("diffusers", "cond_embedding.conv_out"),
    ],
)
def test_one_with_a_part_missing_is_refused(layout: str, part: str, path: Path) -> None:
    tensors = load_file(tiny_controlnet_file("sd1", layout))
    save_file({key: value for key, value in tensors.items() if part not in key}, path)
    assert refusal(path) == "incomplete-checkpoint"


@pytest.mark.parametrize(
    "key",
    [
        "lora_controlnet",
        "lllite_unet_input_blocks_1_1.conditioning1.0.weight",
        "adapter.body.0.resnets.0.block1.weight",
        "ip_adapter.1.to_k_ip.weight",
    ],
)
def test_other_ways_to_steer_are_refused(key: str, path: Path) -> None:
    assert refusal(made(path, {key: ("F16", [4, 4])})) == "unsupported-control"


def test_a_controlnet_of_several_kinds_is_refused(path: Path) -> None:
    tensors = load_file(tiny_controlnet_file("sdxl", "diffusers"))
    save_file({**tensors, "task_embedding": tensors["conv_in.bias"].clone()}, path)
    assert refusal(path) == "unsupported-control"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"_class_name": "ControlNetUnionModel"}, "unsupported-control"),
        ({"global_pool_conditions": True}, "unsupported-control"),
        ({"block_out_channels": [320, 640]}, "broken-weights"),
    ],
)
def test_a_folder_that_asks_for_something_else_is_refused(changes: dict[str, Any], code: str, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_controlnet("sd1"), tmp_path / "it")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    assert refusal(folder) == code


@pytest.mark.parametrize(
    ("make", "task"), [(tiny_depth_annotator, "depth"), (tiny_pose_annotator, "pose"), (tiny_sam, "segment")]
)
def test_annotators_know_their_task(make: Any, task: str) -> None:
    found = read_weightfile(make())
    assert (found.kind, found.family, found.task) == ("annotator", "", task)


def test_an_annotator_without_its_head_or_its_processor_is_refused(tmp_path: Path) -> None:
    bare = shutil.copytree(tiny_sam(), tmp_path / "bare")
    (bare / "preprocessor_config.json").unlink()
    assert refusal(bare) == "incomplete-checkpoint"
    headless = shutil.copytree(tiny_sam(), tmp_path / "headless")
    tensors = load_file(headless / "model.safetensors")
    save_file({key: value for key, value in tensors.items() if "decoder" not in key}, headless / "model.safetensors")
    assert refusal(headless) == "incomplete-checkpoint"
