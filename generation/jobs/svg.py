"""Turning a kept image into traced vector paths, in a worker: it can take seconds. Asked for by `submission`."""

from __future__ import annotations

import io
from datetime import timedelta

import structlog
from django.db.models import F, Q
from django.db.models.functions import Now
from PIL import Image

from generation.imaging.vectorize import VectorizeRefused, vectorize
from generation.messages import wakeups
from generation.models import GeneratedImage
from generation.storage import files

logger = structlog.get_logger(__name__)

Svg = GeneratedImage.Svg

RESEND_AFTER = timedelta(seconds=60)
MOST_TRIES = 3
BROKE = "It could not be traced just now. Ask again in a moment."
GIVEN_UP = "The worker stopped again and again on tracing this picture, so it was given up."


def trace(image_id: int) -> str:
    """Trace one waiting image; the state it ends in. A repeated message finds nothing to do."""
    image = GeneratedImage.objects.filter(pk=image_id, svg_state=Svg.WAITING).first()
    if image is None:
        return "nothing to do"
    # Counted before the work: one that kills its worker leaves no other trace, and would be begun for ever.
    if not GeneratedImage.objects.filter(pk=image_id, svg_tries__lt=MOST_TRIES).update(svg_tries=F("svg_tries") + 1):
        return _end(image, Svg.FAILED, message=GIVEN_UP)
    try:
        with Image.open(io.BytesIO(files.read(image.file))) as picture:
            svg = vectorize(picture, infotext=image.infotext)
        name = files.keep(image.file.replace(".png", ".svg"), svg)
    except VectorizeRefused as refusal:
        return _end(image, Svg.FAILED, message=str(refusal))
    except Exception:  # each storage raises its own, and whoever waits must hear an end
        logger.exception("tracing_broke", image=image.code)
        return _end(image, Svg.FAILED, message=BROKE)
    return _end(image, Svg.READY, file=name)


def recover() -> int:
    """Another wake-up for what still waits: its own was lost, or its worker died."""
    overdue = GeneratedImage.objects.kept().filter(svg_state=Svg.WAITING).filter(
        Q(svg_asked_at=None) | Q(svg_asked_at__lt=Now() - RESEND_AFTER)
    )  # fmt: skip
    waiting = list(overdue.values_list("pk", flat=True))
    if not all(wakeups.send(wakeups.Task.TRACE_IMAGE, image_id) for image_id in waiting):
        return 0
    GeneratedImage.objects.filter(pk__in=waiting).update(svg_asked_at=Now())
    return len(waiting)


def _end(image: GeneratedImage, state: Svg, *, file: str = "", message: str = "") -> str:
    GeneratedImage.objects.filter(pk=image.pk).update(svg_state=state, svg_file=file, svg_message=message[:200])
    logger.info("image_traced", image=image.code, state=state)
    return str(state)
