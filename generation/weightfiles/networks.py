"""What the networks of a checkpoint consist of, by the names and shapes in a header: is there a whole one?

Every size of network is judged, so this does not know how wide a layer is or how many there are: it knows what a layer
consists of, that a list has no gap, and that what follows fits what comes before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count

from generation.weightfiles.safetensors_header import TensorEntry, WeightFileRefused

FLOATS = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"}


@dataclass(frozen=True, slots=True)
class Module:
    """A kind of layer: where one is (`places`, group 1 is its prefix), and the names that each needs below that."""

    places: re.Pattern[str]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """What a network needs: `needs` by name, `modules` wherever there is one, `lists` without a gap.

    `joined` are a norm and the layer behind it, which has to take as many channels; `widened` are a layer that may
    change their number and what has to follow the change.
    """

    title: str
    needs: tuple[str, ...]
    modules: tuple[Module, ...]
    lists: tuple[str, ...]
    joined: tuple[tuple[str, str], ...] = ()
    widened: tuple[str, str] = ("", "")


def _both(*layers: str) -> tuple[str, ...]:
    return tuple(f"{layer}.{part}" for layer in layers for part in ("weight", "bias"))


_TRANSFORMER_BLOCK = Module(
    re.compile(r"(.+\.transformer_blocks\.\d+\.)"),
    (
        *_both("norm1", "norm2", "norm3", "attn1.to_out.0", "attn2.to_out.0", "ff.net.0.proj", "ff.net.2"),
        *(f"attn{number}.to_{letter}.weight" for number in (1, 2) for letter in "qkv"),
    ),
)
_UNET_MODULES = (
    Module(
        re.compile(r"(.+\.)(?:in_layers|emb_layers|out_layers)\."),
        _both("in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3"),
    ),
    Module(
        re.compile(r"(.+?\.)(?:norm|proj_in|proj_out|transformer_blocks)\."),
        (*_both("norm", "proj_in", "proj_out"), "transformer_blocks.0.norm1.weight"),
    ),
    _TRANSFORMER_BLOCK,
    Module(re.compile(r"(input_blocks\.\d+\.0\.)op\."), _both("op")),
    Module(re.compile(r"(output_blocks\.\d+\.\d\.)conv\."), _both("conv")),
)
LDM_UNET = Network(
    "UNet",
    (
        *_both("time_embed.0", "time_embed.2", "input_blocks.0.0", "out.0", "out.2"),
        *(f"middle_block.{place}.weight" for place in ("0.in_layers.0", "1.norm", "2.in_layers.0")),
    ),
    _UNET_MODULES,
    (r"input_blocks\.", r"output_blocks\.", r".+\.transformer_blocks\."),
    (("in_layers.0", "in_layers.2"), ("out_layers.0", "out_layers.3"), ("out.0", "out.2")),
    ("in_layers.2", "skip_connection"),
)
LABELS = _both("label_emb.0.0", "label_emb.0.2")

_VAE_ENDS = _both(*(f"{side}.{end}" for side in ("encoder", "decoder") for end in ("conv_in", "conv_out")))
_VAE_RESNETS = Module(re.compile(r"(.+\.)(?:norm|conv)[12]\."), _both("norm1", "conv1", "norm2", "conv2"))
_RESNET_JOINED = (("norm1", "conv1"), ("norm2", "conv2"))
LDM_VAE = Network(
    "VAE",
    (
        *_VAE_ENDS,
        *_both("encoder.norm_out", "decoder.norm_out", "quant_conv", "post_quant_conv"),
        *(
            f"{side}.mid.{part}.weight"
            for side in ("encoder", "decoder")
            for part in ("block_1.norm1", "block_2.norm1")
        ),
        *(f"{side}.mid.attn_1.norm.weight" for side in ("encoder", "decoder")),
    ),
    (
        _VAE_RESNETS,
        Module(re.compile(r"(.+\.mid\.attn_1\.)"), _both("norm", "q", "k", "v", "proj_out")),
        Module(re.compile(r"(.+\.(?:down|up)sample\.)"), _both("conv")),
    ),
    (r"encoder\.down\.", r"decoder\.up\.", r".+\.block\."),
    _RESNET_JOINED,
    ("conv1", "nin_shortcut"),
)
DIFFUSERS_VAE = Network(
    "VAE",
    (
        *_VAE_ENDS,
        *_both("encoder.conv_norm_out", "decoder.conv_norm_out", "quant_conv", "post_quant_conv"),
        *(f"{side}.mid_block.{part}.weight" for side in ("encoder", "decoder")
          for part in ("resnets.0.norm1", "resnets.1.norm1", "attentions.0.group_norm")),
    ),
    (
        _VAE_RESNETS,
        Module(re.compile(r"(.+\.attentions\.\d+\.)"), _both("group_norm", "to_q", "to_k", "to_v", "to_out.0")),
        Module(re.compile(r"(.+\.(?:down|up)samplers\.0\.)"), _both("conv")),
    ),
    (r"encoder\.down_blocks\.", r"decoder\.up_blocks\.", r".+\.resnets\."),
    _RESNET_JOINED,
    ("conv1", "conv_shortcut"),
)  # fmt: skip
DIFFUSERS_UNET = Network(
    "UNet",
    _both("conv_in", "conv_norm_out", "conv_out", "time_embedding.linear_1", "time_embedding.linear_2"),
    (
        Module(re.compile(r"(.+\.resnets\.\d+\.)"), _both("norm1", "conv1", "time_emb_proj", "norm2", "conv2")),
        Module(
            re.compile(r"(.+\.attentions\.\d+\.)"),
            (*_both("norm", "proj_in", "proj_out"), "transformer_blocks.0.norm1.weight"),
        ),
        _TRANSFORMER_BLOCK,
        Module(re.compile(r"(.+\.(?:down|up)samplers\.0\.)"), _both("conv")),
    ),
    (r"down_blocks\.", r"up_blocks\.", r".+\.resnets\.", r".+?\.attentions\.", r".+\.transformer_blocks\."),
    _RESNET_JOINED,
    ("conv1", "conv_shortcut"),
)

CONTROL = Network(
    "ControlNet",
    (
        *_both("time_embed.0", "time_embed.2", "input_blocks.0.0", "input_hint_block.0", "input_hint_block.14"),
        *_both("zero_convs.0.0", "middle_block_out.0", "middle_block.0.in_layers.0"),
    ),
    _UNET_MODULES,
    (r"input_blocks\.", r"zero_convs\.", r".+\.transformer_blocks\."),
    (("in_layers.0", "in_layers.2"), ("out_layers.0", "out_layers.3")),
    ("in_layers.2", "skip_connection"),
)
DIFFUSERS_CONTROL = Network(
    "ControlNet",
    (
        *_both("conv_in", "time_embedding.linear_1", "time_embedding.linear_2", "controlnet_mid_block"),
        *_both("controlnet_cond_embedding.conv_in", "controlnet_cond_embedding.conv_out", "controlnet_down_blocks.0"),
        "mid_block.resnets.0.norm1.weight",
    ),
    DIFFUSERS_UNET.modules,
    (r"down_blocks\.", r"controlnet_down_blocks\.", r".+\.resnets\.", r".+\.transformer_blocks\."),
    _RESNET_JOINED,
    ("conv1", "conv_shortcut"),
)

CLIP = Network(
    "text encoder",
    (
        "embeddings.token_embedding.weight",
        "embeddings.position_embedding.weight",
        "encoder.layers.0.layer_norm1.weight",
        *_both("final_layer_norm"),
    ),
    (
        Module(
            re.compile(r"(encoder\.layers\.\d+\.)"),
            _both(
                *(f"self_attn.{name}_proj" for name in ("q", "k", "v", "out")),
                *("layer_norm1", "layer_norm2", "mlp.fc1", "mlp.fc2"),
            ),
        ),
    ),
    (r"encoder\.layers\.",),
)
OPEN_CLIP = Network(
    "text encoder",
    (
        "token_embedding.weight",
        "positional_embedding",
        "transformer.resblocks.0.ln_1.weight",
        *_both("ln_final"),
    ),
    (
        Module(
            re.compile(r"(transformer\.resblocks\.\d+\.)"),
            (
                *_both("ln_1", "ln_2", "mlp.c_fc", "mlp.c_proj", "attn.out_proj"),
                *("attn.in_proj_weight", "attn.in_proj_bias"),
            ),
        ),
    ),
    (r"transformer\.resblocks\.",),
)


def check_network(network: Network, tensors: Mapping[str, TensorEntry], more: tuple[str, ...] = ()) -> None:
    """Raise WeightFileRefused unless `tensors` are a whole network; `more` are names that it needs besides."""
    if not tensors:
        raise WeightFileRefused("incomplete-checkpoint", f"The file has no weights for its {network.title}.")
    missing = [key for key in chain(_needed(network, tensors), more) if key not in tensors]
    if missing:
        number = len(set(missing))
        which = f"{number} weights" if number > 1 else "one weight"
        raise WeightFileRefused(
            "incomplete-checkpoint", f"The file lacks {which} of its {network.title}, such as “{missing[0]}”."
        )
    for key in set(_needed(network, tensors)):
        if tensors[key].dtype not in FLOATS:
            raise WeightFileRefused("bad-dtype", f"“{key}” is stored as {tensors[key].dtype}; that is no weight.")
    _check_widths(network, tensors)


def _needed(network: Network, tensors: Mapping[str, TensorEntry]) -> Iterator[str]:
    yield from network.needs
    for module in network.modules:
        for place in {found[1] for key in tensors if (found := module.places.match(key))}:
            yield from (place + need for need in module.needs)
    for listed in network.lists:
        yield from _gaps(re.compile(f"({listed})" + r"(\d+)\."), tensors)
    layer, follower = network.widened
    for key, entry in tensors.items():
        # A layer that changes the number of channels has a second one beside it.
        if layer and key.endswith(f"{layer}.weight") and entry.shape[:1] != entry.shape[1:2]:
            yield from _both(key.removesuffix(f"{layer}.weight") + follower)


def _gaps(pattern: re.Pattern[str], tensors: Iterable[str]) -> Iterator[str]:
    """What is missing between the first and the last of a list, under a name that tells where."""
    members: dict[str, set[int]] = {}
    for key in tensors:
        if found := pattern.match(key):
            members.setdefault(found[1], set()).add(int(found[2]))
    for place, numbers in members.items():
        first = next(number for number in count() if number not in numbers)
        if first < max(numbers):
            yield f"{place}{first}.…"


def _check_widths(network: Network, tensors: Mapping[str, TensorEntry]) -> None:
    for key, entry in tensors.items():
        bias = tensors.get(f"{key.removesuffix('weight')}bias") if key.endswith(".weight") else None
        if bias is not None and bias.shape[:1] != entry.shape[:1]:
            raise WeightFileRefused("bad-shape", f"“{key}” of the file's {network.title} does not fit its bias.")
        for norm, layer in network.joined:
            before = tensors.get(key.removesuffix(f"{layer}.weight") + f"{norm}.weight")
            if key.endswith(f"{layer}.weight") and before is not None and before.shape[:1] != entry.shape[1:2]:
                raise WeightFileRefused("bad-shape", f"“{key}” of the file's {network.title} fits no layer before it.")
