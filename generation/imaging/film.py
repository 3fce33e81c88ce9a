"""Pictures that follow each other as one file: an animated WebP, and an MP4 (VP9) that browsers play.

Both say in their XMP packet that a machine drew them, as every picture does.
"""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from generation.imaging.provenance import DRAWN_FROM_TEXT, xmp_packet

WEBP_QUALITY = 85
LONGEST_SIDE = 1024
"""Of a film: larger pictures are shrunk to it."""
XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""The name of the box in which an MP4 keeps XMP (ISO 16684-3)."""


def fitted(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """RGB, all of the first one's size, with even sides, which video needs."""
    width, height = frames[0].size
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    size = (max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2))
    return [
        frame.convert("RGB") if frame.size == size else frame.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        for frame in frames
    ]


def encode_animation(frames: Sequence[Image.Image], rate: int, source_type: str = DRAWN_FROM_TEXT) -> bytes:
    """An animated WebP of `rate` pictures a second, for ever."""
    first, *others = fitted(frames)
    file = io.BytesIO()
    first.save(
        file,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=round(1000 / rate),
        loop=0,
        quality=WEBP_QUALITY,
        method=3,
        xmp=xmp_packet(source_type),
    )
    return file.getvalue()


def encode_film(frames: Sequence[Image.Image], rate: int, source_type: str = DRAWN_FROM_TEXT) -> bytes:
    """An MP4 of `rate` pictures a second. Raises RuntimeError where this build of OpenCV has no encoder."""
    # Only workers make films, and importing it takes long.
    import cv2

    pictures = fitted(frames)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        writer = cv2.VideoWriter(
            str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"vp09"), float(rate), pictures[0].size
        )
        if not writer.isOpened():
            raise RuntimeError("OpenCV has no VP9 encoder here.")
        for picture in pictures:
            writer.write(np.ascontiguousarray(np.asarray(picture)[:, :, ::-1]))
        writer.release()
        film = path.read_bytes()
    packet = XMP_BOX + xmp_packet(source_type)
    return film + struct.pack(">I4s", len(packet) + 8, b"uuid") + packet
