"""Turning a kept image into traced vector paths, in a worker: it can take seconds. Asked for by `submission`."""

from __future__ import annotations

import io

import structlog
from PIL import Image

from generation import imagefiles
from generation.imaging.vectorize import VectorizeRefused, vectorize
from generation.models import GeneratedImage

logger = structlog.get_logger(__name__)

Svg = GeneratedImage.Svg


def trace(image_id: int) -> str:
    """Trace one waiting image; the state it ends in. A repeated message finds nothing to do."""
    image = GeneratedImage.objects.filter(pk=image_id, svg_state=Svg.WAITING).first()
    if image is None:
        return "nothing to do"
    try:
        with Image.open(io.BytesIO(imagefiles.read(image.file))) as picture:
            svg = vectorize(picture, infotext=image.infotext)
    except VectorizeRefused as refusal:
        return _end(image, Svg.FAILED, message=str(refusal))
    name = imagefiles.keep(image.file.replace(".png", ".svg"), svg)
    return _end(image, Svg.READY, file=name)


def _end(image: GeneratedImage, state: Svg, *, file: str = "", message: str = "") -> str:
    GeneratedImage.objects.filter(pk=image.pk).update(svg_state=state, svg_file=file, svg_message=message[:200])
    logger.info("image_traced", image=image.code, state=state)
    return str(state)
