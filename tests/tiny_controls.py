"""Tiny random ControlNets and annotators, made once a session as the checkpoints of `tiny_weights` are."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    DPTConfig,
    DPTForDepthEstimation,
    DPTImageProcessorPil,
    SamConfig,
    SamImageProcessorPil,
    SamModel,
    VitPoseConfig,
    VitPoseForPoseEstimation,
    VitPoseImageProcessorPil,
)

from tests.ldm_layout import ldm_unet
from tests.tiny_weights import seeded, session_folder, tiny_checkpoint

SIDES = (16, 16, 32, 32)
PUBLISHED_SIDES = (16, 32, 96, 256)
"""Channels of the part that reads the picture; four of them, so that it halves its side three times."""


@functools.cache
def tiny_controlnet(family: str = "sd1", seed: int = 0, order: str = "rgb") -> Path:
    """A folder with random float16 weights for the family's tiny checkpoint; what it adds changes the picture."""
    folder = session_folder() / f"tiny-control-{family}-{seed}-{order}"
    unet = UNet2DConditionModel.from_pretrained(tiny_checkpoint(family) / "unet")
    with seeded(seed + 100):
        made_for(unet, order).half().save_pretrained(folder)
    return folder


def made_for(unet: Any, order: str = "rgb", *, small: bool = True) -> Any:
    """A ControlNet for this UNet, with weights where a fresh one has zeros: else it would add nothing.

    One that is not `small` reads the picture with as many channels as those that are published.
    """
    network = ControlNetModel.from_unet(
        unet,
        controlnet_conditioning_channel_order=order,
        conditioning_embedding_out_channels=SIDES if small else PUBLISHED_SIDES,
        load_weights_from_unet=False,
    )
    for name, weight in network.named_parameters():
        if name.startswith(("controlnet_down_blocks", "controlnet_mid_block", "controlnet_cond_embedding.conv_out")):
            torch.nn.init.normal_(weight, std=0.3)
    return network


@functools.cache
def tiny_controlnet_file(family: str = "sd1", layout: str = "ldm") -> Path:
    """The folder's weights as one file, as in the original (`ldm`) or diffusers' own (`diffusers`) layout."""
    path = session_folder() / f"tiny-control-{family}-{layout}.safetensors"
    tensors = load_file(next(tiny_controlnet(family).glob("*.safetensors")))
    save_file(ldm_controlnet(tensors) if layout == "ldm" else tensors, path)
    return path


def ldm_controlnet(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Under the names of the original layout, as the published files of SD 1.5 have them."""
    plain = {key: value for key, value in tensors.items() if not key.startswith("controlnet_")}
    renamed = ldm_unet(plain)
    for key, value in tensors.items():
        if found := re.fullmatch(r"controlnet_down_blocks\.(\d+)\.(weight|bias)", key):
            renamed[f"zero_convs.{found[1]}.0.{found[2]}"] = value
        elif found := re.fullmatch(r"controlnet_mid_block\.(weight|bias)", key):
            renamed[f"middle_block_out.0.{found[1]}"] = value
        elif found := re.fullmatch(r"controlnet_cond_embedding\.(conv_in|conv_out|blocks\.(\d+))\.(weight|bias)", key):
            place = {"conv_in": 0, "conv_out": 14}.get(found[1]) if not found[2] else 2 * (int(found[2]) + 1)
            renamed[f"input_hint_block.{place}.{found[3]}"] = value
    return {f"control_model.{key}": value for key, value in renamed.items()}


VIT: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}


@functools.cache
def tiny_depth_annotator() -> Path:
    """A DPT that sees random depth, in a picture of 32 pixels a side."""
    folder = session_folder() / "tiny-depth"
    config = DPTConfig(
        **VIT,
        num_hidden_layers=4,
        backbone_out_indices=[0, 1, 2, 3],
        image_size=32,
        patch_size=8,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        reassemble_factors=[4, 2, 1, 0.5],
        is_hybrid=False,
    )
    with seeded(0):
        network = DPTForDepthEstimation(config)
        # Fresh weights are so small that everything is equally far.
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.3)
        torch.nn.init.constant_(network.head.head[-2].bias, 5.0)
        network.save_pretrained(folder)
    DPTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@functools.cache
def tiny_depth_anything() -> Path:
    """Its published checkpoints keep the picture's proportions, in patches of 14 pixels."""
    folder = session_folder() / "tiny-depth-anything"
    config = DepthAnythingConfig(
        backbone_config={
            **{"model_type": "dinov2", "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 4},
            **{"image_size": 28, "patch_size": 14, "out_indices": [1, 2, 3, 4], "reshape_hidden_states": False},
        },
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
    )
    with seeded(0):
        network = DepthAnythingForDepthEstimation(config)
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.3)
        torch.nn.init.constant_(network.head.conv3.bias, 5.0)
        network.save_pretrained(folder)
    size = {"height": 28, "width": 28}
    DPTImageProcessorPil(size=size, keep_aspect_ratio=True, ensure_multiple_of=14).save_pretrained(folder)
    return folder


@functools.cache
def tiny_pose_annotator() -> Path:
    folder = session_folder() / "tiny-pose"
    backbone = {"model_type": "vitpose_backbone", "image_size": [64, 48], "patch_size": [16, 16], "hidden_size": 16}
    more = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_experts": 1, "out_indices": [1]}
    config = VitPoseConfig(backbone_config={**backbone, **more}, num_labels=17, scale_factor=4)
    with seeded(0):
        VitPoseForPoseEstimation(config).save_pretrained(folder)
    VitPoseImageProcessorPil(size={"height": 64, "width": 48}).save_pretrained(folder)
    return folder


@functools.cache
def tiny_sam() -> Path:
    folder = session_folder() / "tiny-sam"
    config = SamConfig(
        vision_config={
            **{"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "mlp_dim": 16, "image_size": 64},
            **{
                "patch_size": 8,
                "output_channels": 16,
                "window_size": 4,
                "global_attn_indexes": [0],
                "num_pos_feats": 8,
            },
        },
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 8},
        mask_decoder_config={"hidden_size": 16, "mlp_dim": 16, "num_attention_heads": 2, "iou_head_hidden_dim": 16},
    )
    with seeded(0):
        SamModel(config).save_pretrained(folder)
    SamImageProcessorPil(size={"longest_edge": 64}, pad_size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder
