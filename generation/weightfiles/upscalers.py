"""Whether a header describes an upscaling network of the ESRGAN family, and how it is built. Values are never read.

Two kinds are drawn with: RRDB (ESRGAN, Real-ESRGAN, BSRGAN; Wang et al. 2018 and 2021) under the three ways of naming
its layers, and the compact one of Real-ESRGAN (SRVGG). Others are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from generation.weightfiles.safetensors_header import TensorEntry, WeightFileRefused

WRAPPERS = ("params_ema.", "params.", "module.")
RGB = 3
SCALES = (1, 2, 4, 8)
FLOATS = {"F32", "F16", "BF16"}

_OLDEST_BLOCK = re.compile(r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.")
_OLDEST_LAYER = re.compile(r"model\.(\d+)\.(weight|bias)")
_OLDEST_TRUNK = re.compile(r"model\.1\.sub\.(\d+)\.(weight|bias)")
_OLD_BLOCK = re.compile(r"RRDB_trunk\.(\d+)\.RDB(\d)\.conv(\d)\.")
_BLOCK = re.compile(r"body\.(\d+)\.rdb([123])\.conv([1-5])\.(weight|bias)")
_OLD_LAYERS = {"trunk_conv": "conv_body", "HRconv": "conv_hr", "upconv": "conv_up"}
_COMPACT = re.compile(r"body\.(\d+)\.(weight|bias)")


@dataclass(frozen=True, slots=True)
class UpscalerShape:
    """How the network is built: `blocks` RRDB blocks or compact convolutions of `features` channels; `growth` is that
    of RRDB's dense blocks, `doublings` how often it doubles the side. `folded` pixels a side are first laid into
    channels. `scale` is what comes out, for each pixel of a side."""

    kind: Literal["rrdb", "compact"]
    scale: int
    features: int
    blocks: int
    growth: int = 0
    doublings: int = 0
    folded: int = 1


def plain_names(keys: Iterable[str]) -> dict[str, str]:
    """Each key of a file with the name that the layer has here, which is that of Real-ESRGAN."""
    keys = list(keys)
    for wrapper in WRAPPERS:
        if any(key.startswith(wrapper) for key in keys):
            inner = [key for key in keys if key.startswith(wrapper)]
            return dict(zip(inner, plain_names(key.removeprefix(wrapper) for key in inner).values(), strict=True))
    if any(_OLDEST_BLOCK.match(key) for key in keys):
        last = max(int(found[1]) for key in keys if (found := _OLDEST_LAYER.fullmatch(key)))
        return {key: _oldest_name(key, last) for key in keys}
    return {key: _old_name(key) for key in keys}


def is_upscaler(keys: Iterable[str]) -> bool:
    names = set(plain_names(keys).values())
    return "body.0.rdb1.conv1.weight" in names or (
        {"body.0.weight", "body.1.weight", "body.2.weight"} <= names and all(_COMPACT.fullmatch(name) for name in names)
    )


def shape_of(tensors: Mapping[str, TensorEntry]) -> UpscalerShape:
    """Raises WeightFileRefused for a network that is not whole, or not one of those that are drawn with."""
    names = plain_names(tensors)
    shapes = {names[key]: entry for key, entry in tensors.items() if key in names}
    for name, entry in shapes.items():
        if entry.dtype not in FLOATS:
            raise WeightFileRefused("bad-dtype", f"“{name}” is stored as {entry.dtype}; floating point is expected.")
    shape = _rrdb(shapes) if "conv_first.weight" in shapes else _compact(shapes)
    expected = layers_of(shape)
    if missing := [name for name, size in expected.items() if name not in shapes or shapes[name].shape != size]:
        raise WeightFileRefused("incomplete-upscaler", f"The upscaler's “{missing[0]}” is missing or of another shape.")
    if more := sorted(shapes.keys() - expected.keys()):
        raise WeightFileRefused("unsupported-upscaler", f"The upscaler has “{more[0]}”, which is not drawn with here.")
    return shape


def layers_of(shape: UpscalerShape) -> dict[str, tuple[int, ...]]:
    """Every tensor that the network has, with its shape."""
    wide = shape.features
    layers: dict[str, tuple[int, ...]] = {}
    if shape.kind == "compact":
        layers |= _convolution("body.0", RGB, wide)
        for place in range(1, 2 * shape.blocks + 2, 2):
            layers |= {f"body.{place}.weight": (wide,)}
            last = place == 2 * shape.blocks + 1
            layers |= _convolution(f"body.{place + 1}", wide, RGB * shape.scale**2 if last else wide)
        return layers
    layers |= _convolution("conv_first", RGB * shape.folded**2, wide)
    for block in range(shape.blocks):
        for dense in (1, 2, 3):
            for place in range(1, 6):
                out = wide if place == 5 else shape.growth
                name = f"body.{block}.rdb{dense}.conv{place}"
                layers |= _convolution(name, wide + (place - 1) * shape.growth, out)
    for name in ("conv_body", *(f"conv_up{number + 1}" for number in range(shape.doublings)), "conv_hr"):
        layers |= _convolution(name, wide, wide)
    return layers | _convolution("conv_last", wide, RGB)


def _convolution(name: str, taken: int, given: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (given, taken, 3, 3), f"{name}.bias": (given,)}


def _rrdb(shapes: Mapping[str, TensorEntry]) -> UpscalerShape:
    first, growth = shapes["conv_first.weight"].shape, shapes.get("body.0.rdb1.conv1.weight")
    if len(first) != 4 or growth is None or len(growth.shape) != 4:
        raise WeightFileRefused("unsupported-upscaler", "The upscaler's layers are no convolutions.")
    folded = math.isqrt(first[1] // RGB)
    doublings = len({name for name in shapes if re.fullmatch(r"conv_up\d\.weight", name)})
    scale = 2**doublings // max(1, folded)
    if first[1] != RGB * folded**2 or scale not in SCALES or folded * scale != 2**doublings:
        raise WeightFileRefused("unsupported-upscaler", f"An upscaler of {first[1]} channels is not drawn with here.")
    blocks = 1 + max(int(found[1]) for name in shapes if (found := _BLOCK.fullmatch(name)))
    return UpscalerShape("rrdb", scale, first[0], blocks, growth.shape[0], doublings, folded)


def _compact(shapes: Mapping[str, TensorEntry]) -> UpscalerShape:
    places = [int(found[1]) for name in shapes if (found := _COMPACT.fullmatch(name))]
    first, last = shapes.get("body.0.weight"), shapes.get(f"body.{max(places, default=0)}.weight")
    scale = math.isqrt(last.shape[0] // RGB) if last and len(last.shape) == 4 else 0
    if first is None or len(first.shape) != 4 or scale not in SCALES:
        raise WeightFileRefused("unsupported-upscaler", "The file is no upscaler of a kind that is drawn with here.")
    return UpscalerShape("compact", scale, first.shape[0], (max(places) - 2) // 2)


def _oldest_name(key: str, last: int) -> str:
    """ESRGAN's first layout numbers its layers: 0, the trunk, a convolution after each doubling, and the last two."""
    if found := _OLDEST_BLOCK.match(key):
        return f"body.{found[1]}.rdb{found[2]}.conv{found[3]}.{key[found.end() :]}"
    if found := _OLDEST_TRUNK.fullmatch(key):
        return f"conv_body.{found[2]}"
    if not (found := _OLDEST_LAYER.fullmatch(key)):
        return key
    number, part = int(found[1]), found[2]
    named = {0: "conv_first", last - 2: "conv_hr", last: "conv_last"}
    return f"{named.get(number, f'conv_up{number // 3}')}.{part}"


def _old_name(key: str) -> str:
    if found := _OLD_BLOCK.match(key):
        return f"body.{found[1]}.rdb{found[2]}.conv{found[3]}.{key[found.end() :]}"
    for old, new in _OLD_LAYERS.items():
        if key.startswith(old):
            return new + key.removeprefix(old)
    return key
