"""An imperceptible watermark: a number of 40 bits in the lightness of a picture, found again without the original.

Spread spectrum (Cox et al. 1997) in a tile that is repeated over the picture (Kalker et al. 1999): repetition makes it
independent of where the picture is cut and tells how much it was scaled. What it survives is measured by
`manage.py measure_watermark`; it does not survive rotation, mirroring, or somebody who wants it gone.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

Grid = npt.NDArray[np.float32]

ID_BITS = 40
_CHECK_BITS = 20
_WORD, _CODED = 12, 24
_WORDS = (ID_BITS + _CHECK_BITS) // _WORD

LEAST_SIDE, LEAST_PIXELS = 384, 448 * 448
"""The size from which on it survives; smaller pictures go without."""
_TILE = 128
_BAND = (0.02, 0.2)
"""Cycles per pixel between which it lies: below it would be seen, above JPEG and halving take it away."""
_STRENGTH = 1.6
"""Mean change in grey levels of 255."""
_SYNC_SHARE = 0.3
"""How much of its energy only tells where a tile begins."""
_SEED = 20260802
_RADIUS = 4
"""Pixels around each one over which it is seen how busy the picture is there."""
_ROWS_AT_ONCE = 4 * _TILE
"""Rows that are marked at once: what is computed on the way takes more than ten times the memory of their pixels."""
_LOOKED_AT = 1024
_LEAST_PEAK = 5.0
_USUAL_SCALES = (1.0, 0.5, 2.0, 0.75, 1.25, 1.5, 0.6667, 1.3333, 0.8, 0.9)
_SCALES_TRIED = 14
_NOTHING = 1e-6
"""Added where a plain picture would divide by zero."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """What was found: the number, how the picture is scaled against its original, and how clear it is (5 and up)."""

    id: int
    scale: float
    clearness: float


def has_room(picture: Image.Image) -> bool:
    """Whether the picture is large enough for a watermark that survives."""
    return min(picture.size) >= LEAST_SIDE and picture.width * picture.height >= LEAST_PIXELS


def embed(picture: Image.Image, id: int) -> Image.Image:
    """The RGB picture with the number (0 to 2**40 - 1) in it, changed by some two grey levels a pixel."""
    width, height = picture.size
    pattern = np.tile(_tile_of(id), (_ROWS_AT_ONCE // _TILE, -(-width // _TILE)))[:, :width]
    result = Image.new("RGB", picture.size)
    for top in range(0, height, _ROWS_AT_ONCE):
        above = min(top, _RADIUS)
        box = (0, top - above, width, min(height, top + _ROWS_AT_ONCE + _RADIUS))
        seen = np.array(picture.crop(box), np.float32)
        rows = slice(above, above + min(_ROWS_AT_ONCE, height - top))
        room = _visible_room(seen @ np.array([0.299, 0.587, 0.114], np.float32))[rows]
        changed = seen[rows]
        changed += (pattern[: len(changed)] * room + 0.5)[:, :, None]
        result.paste(Image.fromarray(np.clip(changed, 0, 255, out=changed).astype(np.uint8)), (0, top))
    return result


def extract(picture: Image.Image) -> Watermark | None:
    """The number in an RGB picture, which may have been cut, scaled and compressed; None where none is sure."""
    lightness = np.asarray(picture.convert("L"), np.float32)
    top, left = (max(0, side - _LOOKED_AT) // 2 for side in lightness.shape)
    lightness = lightness[top : top + _LOOKED_AT, left : left + _LOOKED_AT]
    for scale in _likely_scales(lightness):
        if found := _extract_at(lightness, scale):
            return found
    return None


def _extract_at(lightness: Grid, scale: float) -> Watermark | None:
    side = [round(length / scale) for length in lightness.shape]
    if min(side) < _TILE or max(side) > 4 * _LOOKED_AT:
        return None
    if scale != 1.0:
        image = Image.fromarray(lightness).resize((side[1], side[0]), Image.Resampling.BICUBIC)
        lightness = np.asarray(image, np.float32)
    folded = _folded(_whitened(lightness))
    spectrum = np.fft.rfft2(folded)
    match = np.fft.irfft2(spectrum * np.conj(np.fft.rfft2(_patterns()[0])), s=folded.shape)
    clearness = float((match.max() - match.mean()) / (match.std() + _NOTHING))
    if clearness < _LEAST_PEAK:
        return None
    row, column = np.unravel_index(int(match.argmax()), match.shape)
    aligned = np.roll(folded, (-row, -column), (0, 1)).ravel()
    id = _decoded(_patterns()[1:].reshape(_WORDS * _CODED, -1) @ aligned)
    return None if id is None else Watermark(id, scale, clearness)


def _visible_room(lightness: Grid) -> Grid:
    """How much of the pattern each pixel takes: more where the picture is busy, about 1 on the whole."""
    mean, square = _blurred(lightness), _blurred(lightness * lightness)
    busy = np.sqrt(np.maximum(square - mean * mean, 0))
    room: Grid = np.clip(0.45 + busy / 16, 0.45, 2.2).astype(np.float32)
    return room


def _blurred(grid: Grid, radius: int = _RADIUS) -> Grid:
    from scipy.ndimage import uniform_filter  # local: web processes load SciPy with the first picture that they mark

    blurred: Grid = uniform_filter(grid, 2 * radius + 1, mode="nearest")
    return blurred


def _whitened(lightness: Grid) -> Grid:
    """The picture with every frequency of the band equally strong, so that its own shapes drown the mark no more."""
    mean = _blurred(lightness, 6)
    local = lightness - mean
    # Running sums end a little below zero where the picture is flat.
    local /= np.sqrt(np.maximum(_blurred(local * local, 8), 0)) + 2
    spectrum = np.fft.rfft2(local)
    strength = np.abs(spectrum)
    spectrum *= _band_of(lightness.shape) / (strength + 0.3 * float(strength.mean()) + _NOTHING)
    flat: Grid = np.fft.irfft2(spectrum, s=lightness.shape).astype(np.float32)
    return flat


def _band_of(shape: tuple[int, ...]) -> Grid:
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    distance = np.hypot(rows, columns)
    band: Grid = ((distance >= _BAND[0]) & (distance <= _BAND[1])).astype(np.float32)
    return band


def _folded(grid: Grid) -> Grid:
    """All tiles laid on one another."""
    height, width = (-(-side // _TILE) * _TILE for side in grid.shape)
    padded = np.zeros((height, width), np.float32)
    padded[: grid.shape[0], : grid.shape[1]] = grid
    folded: Grid = padded.reshape(height // _TILE, _TILE, width // _TILE, _TILE).sum((0, 2))
    return folded


def _likely_scales(lightness: Grid) -> list[float]:
    """Scales at which something repeats itself every tile, the likeliest first, and those that are usual."""
    flat = _whitened(lightness)
    # Twice as large, so that the picture does not meet itself around the edge.
    size = [2 * side for side in flat.shape]
    again = np.fft.irfft2(np.abs(np.fft.rfft2(flat, s=size)) ** 2, s=size)
    scales = np.arange(0.35, 3.0, 1 / _TILE / 2)
    score = np.zeros(len(scales))
    for times in (1, 2, 3):
        lag = np.rint(scales * _TILE * times).astype(int)
        for line in (again[:, 0], again[0, :]):
            half = len(line) // 2
            near = np.where(lag < half, line[np.minimum(lag, half - 1)], 0)
            # The farther, the less of the picture lies over itself.
            score += near / np.sqrt(np.maximum(1 - lag / half, 0.05))
    order = scales[np.argsort(-score)]
    likely: list[float] = []
    for scale in (1.0, *order[:60].tolist(), *_USUAL_SCALES):
        if all(abs(scale / other - 1) > 0.004 for other in likely):
            likely.append(float(scale))
        if len(likely) == _SCALES_TRIED:
            break
    return likely + [scale for scale in _USUAL_SCALES if scale not in likely]


def _tile_of(id: int) -> Grid:
    signs = _coded(id).ravel()
    patterns = _patterns()
    rest = (signs @ patterns[1:].reshape(len(signs), -1)).reshape(_TILE, _TILE)
    mixed = np.sqrt(_SYNC_SHARE) * patterns[0] + np.sqrt((1 - _SYNC_SHARE) / len(signs)) * rest
    tile: Grid = (_STRENGTH * mixed / mixed.std()).astype(np.float32)
    return tile


@cache
def _patterns() -> Grid:
    """(1 + coded bits, tile, tile): noise of the band, each with mean 0 and spread 1; the first is for finding."""
    noise = np.random.default_rng(_SEED).standard_normal((1 + _WORDS * _CODED, _TILE, _TILE))
    spectrum = np.fft.rfft2(noise) * _band_of((_TILE, _TILE))
    spectrum[:, 0, 0] = 0
    patterns = np.fft.irfft2(spectrum, s=(_TILE, _TILE))
    unit: Grid = (patterns / patterns.std((1, 2), keepdims=True)).astype(np.float32)
    return unit


def _check_of(id: int) -> int:
    check: int = zlib.crc32(id.to_bytes(5, "big")) & (2**_CHECK_BITS - 1)
    return check


def _coded(id: int) -> Grid:
    """(words, 24) of -1 and 1: the number with its check sum in five words of the extended Golay code."""
    if not 0 <= id < 2**ID_BITS:
        raise ValueError(f"A watermark carries 0 to 2**{ID_BITS} - 1, not {id}.")
    whole = id << _CHECK_BITS | _check_of(id)
    words = [whole >> (_WORD * place) & (2**_WORD - 1) for place in range(_WORDS)]
    return _codebook()[words]


def _decoded(measured: Grid) -> int | None:
    """The number whose five words are likest to what was measured; None where its check sum is wrong."""
    words = np.argmax(measured.reshape(_WORDS, _CODED) @ _codebook().T, axis=1)
    whole = sum(int(word) << (_WORD * place) for place, word in enumerate(words))
    id = whole >> _CHECK_BITS
    return id if _check_of(id) == whole & (2**_CHECK_BITS - 1) else None


@cache
def _codebook() -> Grid:
    """(4096, 24): the extended Golay code as -1 and 1; any two words differ in 8 bits at least."""
    words = np.arange(2**_WORD)
    rest = words << 11
    for place in range(22, 10, -1):
        rest = np.where(rest >> place & 1, rest ^ (0b101011100011 << (place - 11)), rest)
    code = words << 11 | rest
    bits = code[:, None] >> np.arange(23)[None, :] & 1
    bits = np.concatenate([bits, bits.sum(1, keepdims=True) % 2], axis=1)
    return (2 * bits - 1).astype(np.float32)
