"""What a render yields and how it fails: the only words that the engine and its callers share besides the recipe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One UNet call of this request is done. `index` counts from 1 to `total`; 0 means it still waits for its place.

    `preview` is the picture the sampler now expects, smaller than the final one; `seconds_left` is an estimate.
    """

    index: int
    total: int
    preview: Pixels | None
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Rendered:
    """The finished picture, and the seconds from the call to here, waiting included.

    `drawn` (height, width) says which pixels were drawn, where others were left as they are; None: all.
    """

    pixels: Pixels
    seconds: float
    drawn: NDArray[np.bool_] | None = None


class RenderError(Exception):
    """The render failed by our fault or the weights': `code` is for programs, the text is a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class WeightsRefused(RenderError):
    """A weight file that the recipe names cannot be used; the sentence says which and why."""
