"""The noise a picture begins with: by its seed, turned towards another seed's, or of another size in its middle.

Drawn on the CPU, so that every device draws the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from generation.recipes.picture import Recipe

COLUMNS = (-2,)
"""Over what A1111 measures the angle between two noises: each column of each channel by itself."""
ALIKE = 0.9995
"""The cosine above which two directions are one, and a straight line does instead of an arc."""

Shape = tuple[int, int, int, int]


def first_noise(
    recipe: Recipe, shape: Shape, factor: int, generator: torch.Generator, device: torch.device, dtype: torch.dtype
) -> Tensor:
    """Noise of `shape` (1, C, h, w) for the recipe, each latent `factor` pixels a side. `generator` has the recipe's
    seed and goes on to serve its sampler: it draws `shape` here, whatever is varied, as in A1111."""

    def of_seed(seed: int, size: Shape) -> Tensor:
        noise: Tensor = randn_tensor(size, torch.Generator("cpu").manual_seed(seed), device, dtype)
        return noise

    whole: Tensor = randn_tensor(shape, generator, device, dtype)
    if recipe.variation is None:
        return whole
    inner, noise = shape, whole
    if recipe.variation.resize_from:
        width, height = recipe.variation.resize_from
        inner = (*shape[:2], height // factor, width // factor)
        noise = whole if inner == shape else of_seed(recipe.seed, inner)
    if recipe.variation.strength:
        noise = slerp(recipe.variation.strength, noise, of_seed(recipe.variation.seed, inner), COLUMNS)
    return noise if inner == shape else in_the_middle(noise, whole)


def in_the_middle(noise: Tensor, around: Tensor) -> Tensor:
    """`around` (1, C, h, w) with `noise` (1, C, h', w') in its middle; what is too large is cut on all sides."""
    made = around.clone()
    rows, own_rows = _overlap(around.shape[-2], noise.shape[-2])
    columns, own_columns = _overlap(around.shape[-1], noise.shape[-1])
    made[..., rows, columns] = noise[..., own_rows, own_columns]
    return made


def _overlap(outer: int, inner: int) -> tuple[slice, slice]:
    """Where the middle of a length lies in the other: of the outer one, and of the inner one."""
    # Whole numbers are rounded down, also below 0: A1111's middle of an odd difference.
    shift = (outer - inner) // 2
    length = inner if shift >= 0 else inner + 2 * shift
    length = min(length, outer)
    start, own = max(shift, 0), max(-shift, 0)
    return slice(start, start + length), slice(own, own + length)


def slerp(amount: float, first: Tensor, second: Tensor, dims: Sequence[int]) -> Tensor:
    """The way from `first` to `second`, both (...), along the arc between them (Shoemake 1985), at 0..1.

    `dims` are those over which a direction is measured; the lengths of both are kept in the sum, as A1111 has it.
    Computed in float32, given back in the dtype of `first`.
    """
    one, other = first.float(), second.float()
    cosine = (one * other).sum(tuple(dims), keepdim=True) / (
        torch.linalg.vector_norm(one, dim=tuple(dims), keepdim=True)
        * torch.linalg.vector_norm(other, dim=tuple(dims), keepdim=True)
    ).clamp(min=1e-12)
    angle = torch.acos(cosine.clamp(-1, 1))
    sine = torch.sin(angle)
    straight = (cosine.abs() > ALIKE) | (sine == 0)
    parts = torch.where(straight, torch.ones_like(sine), sine)
    near = torch.where(straight, torch.full_like(sine, 1 - amount), torch.sin((1 - amount) * angle) / parts)
    far = torch.where(straight, torch.full_like(sine, amount), torch.sin(amount * angle) / parts)
    return (near * one + far * other).to(first.dtype)
