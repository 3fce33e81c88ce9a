"""Turning a kept image into traced vector paths, in a worker: it can take seconds. Asked for by `submission`."""

from __future__ import annotations

import io
from datetime import timedelta

import structlog
from PIL import Image

from generation.imaging.vectorize import VectorizeRefused, vectorize
from generation.messages import wakeups
from generation.models import GeneratedImage
from generation.models.images import ImageQuerySet
from generation.models.leases import must_give_up, prolonging
from generation.storage import files
from generation.storage.signing import sign

logger = structlog.get_logger(__name__)

Svg = GeneratedImage.Svg

LONGEST_TRACING = timedelta(minutes=2)
BROKE = "It could not be traced just now. Ask again in a moment."
GIVEN_UP = "The worker stopped again and again on tracing this picture, so it was given up."


def trace(image_id: int) -> str:
    """Trace one waiting image; the state it ends in. A repeated message finds nothing to do."""
    image = waiting().not_leased().filter(pk=image_id).first()
    if image is None:
        return "nothing to do"
    row = waiting().not_leased().of_attempt(image)
    # It is begun again only after a worker died with it, perhaps of another tracing beside it: attempts are crashes.
    if must_give_up(crash_count=image.svg_attempt):
        return _end(image, row, Svg.FAILED, message=GIVEN_UP)
    # Counted before the work: one that kills its worker leaves no other trace, and would be begun for ever.
    if not row.claim():
        return "nothing to do"
    image.svg_attempt += 1
    held = waiting().of_attempt(image)
    try:
        with prolonging(held, LONGEST_TRACING):
            with Image.open(io.BytesIO(files.read(image.file))) as picture:
                svg = sign(vectorize(picture, infotext=image.infotext), "svg")
            name = files.write(image.file.replace(".png", ".svg"), svg)
    except VectorizeRefused as refusal:
        return _end(image, held, Svg.FAILED, message=str(refusal))
    except Exception:  # each storage raises its own, and whoever waits must hear an end
        logger.exception("tracing_broke", image=image.code)
        return _end(image, held, Svg.FAILED, message=BROKE)
    return _end(image, held, Svg.READY, file=name)


def waiting() -> ImageQuerySet:
    """Images whose tracing was asked for and has not ended; those that are being traced are leased."""
    return GeneratedImage.objects.filter(svg_state=Svg.WAITING)


def recover() -> int:
    """Another wake-up for what still waits: its own was lost, or its worker died."""
    return (
        waiting()
        .kept()
        .not_leased()
        .resend(lambda ids: all(wakeups.send(wakeups.Task.TRACE_IMAGE, image_id) for image_id in ids))
    )


def _end(image: GeneratedImage, row: ImageQuerySet, state: Svg, *, file: str = "", message: str = "") -> str:
    ended = row.update(svg_state=state, svg_file=file, svg_message=message[:200], svg_lease_until=None)
    if not ended:
        # Somebody else took it on since, or ended it: what was traced here is not the kept one.
        files.discard(file)
        return "too late"
    logger.info("image_traced", image=image.code, state=state)
    return str(state)
