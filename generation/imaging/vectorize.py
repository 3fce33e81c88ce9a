"""Traces a picture into an SVG of true paths, bounded in size and time. Other formats are `encode`'s."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from accounts.refusals import Refusal
from generation.imaging.encode import Pixels, rgb_image
from generation.imaging.svg_metadata import svg_metadata

MAX_SIDE = 1024
MAX_SVG_BYTES = 5_000_000
TIME_LIMIT_S = 30.0
LEVELS = 16
_PROGRAM = Path(__file__).with_name("vtracer_process.py")


class VectorizeRefused(Refusal):
    """A picture that has no SVG."""


def vectorize(pixels: Pixels, *, infotext: str = "", time_limit_s: float = TIME_LIMIT_S) -> bytes:
    """A UTF-8 SVG that shows the picture at its own size, with infotext and provenance in `<metadata>`.

    Pictures with a side over MAX_SIDE pixels are traced from a smaller copy. Raises VectorizeRefused when tracing takes
    over `time_limit_s` seconds or gives over MAX_SVG_BYTES, as noisy pictures do.
    """
    image = rgb_image(pixels)
    size = image.size
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    traced = _traced(_with_visible_steps(image), time_limit_s)
    start = traced.find("<path")
    if start < 0:
        raise VectorizeRefused("svg-failed", "Tracing found no shape in this picture.")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" version="1.1"'
    box = f' width="{size[0]}" height="{size[1]}" viewBox="0 0 {image.width} {image.height}">\n'
    svg = f"{head}{box}{svg_metadata(infotext)}\n{traced[start:]}".encode()
    if len(svg) > MAX_SVG_BYTES:
        raise VectorizeRefused("svg-too-large", "This picture has too much detail for an SVG; take PNG or WebP.")
    return svg


def _with_visible_steps(image: Image.Image) -> bytes:
    """The picture in LEVELS levels a channel, as PNG: at its colour precision vtracer takes neighbours closer than 16
    (of 255) for one colour, so that a smooth gradient would run together into one flat shape."""
    step = 255 / (LEVELS - 1)
    levels = np.rint(np.rint(np.asarray(image) / step) * step).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _traced(png: bytes, time_limit_s: float) -> str:
    command = [sys.executable, "-I", str(_PROGRAM), str(math.ceil(time_limit_s) + 1)]
    try:
        done = subprocess.run(command, input=png, capture_output=True, timeout=time_limit_s, check=True)
    except subprocess.TimeoutExpired as error:
        raise VectorizeRefused("svg-too-slow", "This picture takes too long to trace; take PNG or WebP.") from error
    except subprocess.CalledProcessError as error:
        raise VectorizeRefused("svg-failed", "This picture could not be traced.") from error
    return done.stdout.decode()
