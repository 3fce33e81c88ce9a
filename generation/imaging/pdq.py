"""PDQ, the perceptual hash for near-duplicate pictures: small distance, same picture. Not for finding faces or objects.

Written from the published description (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
Algorithm", 2019): luminance, two passes of a box filter, 64 x 64 samples, the 16 x 16 lowest cosines without the
constant ones, each compared with their median.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.imaging.encode import Pixels, rgb_image

BITS = 256
SAME_PICTURE = 31
"""At most this far apart, two pictures are one picture to the eye: the description's own threshold."""
SURE_QUALITY = 20
"""Below it a picture is so flat that its hash is noise and says nothing of other pictures."""

_WORKED_SIDE = 512
_SAMPLES = 64
_COSINES = 16
_PASSES = 2

Grid = npt.NDArray[np.float64]


def pdq_hash(image: Pixels) -> tuple[str, int]:
    """The hash as 64 hex digits, and how much of a picture it is (0..100: flat ones hash to noise) of any picture."""
    samples = _sampled(_luminance(image))
    cosines = _cosine_rows() @ samples @ _cosine_rows().T
    bits = (cosines > np.median(cosines)).ravel()
    # Bit i is the i-th lowest of the number, so it is written from the last one down.
    return np.packbits(bits[::-1]).tobytes().hex(), _quality(samples)


def pdq_distance(one: str, other: str) -> int:
    """In how many of 256 bits two hashes differ; unrelated pictures lie around 128."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _luminance(image: Pixels) -> Grid:
    picture = rgb_image(image)
    if max(picture.size) > _WORKED_SIDE:
        picture.thumbnail((_WORKED_SIDE, _WORKED_SIDE), Image.Resampling.BOX)
    luminance: Grid = np.asarray(picture, np.float64) @ np.array([0.299, 0.587, 0.114])
    return luminance


def _sampled(luminance: Grid) -> Grid:
    for _ in range(_PASSES):
        luminance = _box_filtered(_box_filtered(luminance).T).T
    rows, columns = (((np.arange(_SAMPLES) + 0.5) * side / _SAMPLES).astype(int) for side in luminance.shape)
    return luminance[np.ix_(rows, columns)]


def _box_filtered(grid: Grid) -> Grid:
    """Means down the columns over half the distance of two samples; at the edges over what is there of it."""
    height = len(grid)
    window = -(-height // (2 * _SAMPLES))
    sums = np.concatenate([np.zeros((1, grid.shape[1])), np.cumsum(grid, axis=0)])
    place = np.arange(height)
    first = np.maximum(place - (window - 1 - window // 2), 0)
    end = np.minimum(place + window // 2 + 1, height)
    means: Grid = (sums[end] - sums[first]) / (end - first)[:, None]
    return means


@cache
def _cosine_rows() -> Grid:
    """(16, 64): the cosines of frequency 1 to 16."""
    frequency, place = np.arange(1, _COSINES + 1)[:, None], np.arange(_SAMPLES)
    rows: Grid = np.sqrt(2 / _SAMPLES) * np.cos(np.pi / (2 * _SAMPLES) * frequency * (2 * place + 1))
    return rows


def _quality(samples: Grid) -> int:
    """How much neighbouring samples differ, in whole percents of the full range, over 90 and at most 100."""
    changes = sum(np.abs(np.trunc(np.diff(samples, axis=axis) * 100 / 255)).sum() for axis in (0, 1))
    return int(min(100, changes // 90))
