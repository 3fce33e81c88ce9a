"""What becomes of a drawn picture: its rating by the scorer, and whether its maker's plan lets it be kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import structlog
from django.conf import settings

from accounts.ratings import Rating, is_above
from generation.imaging.nudity import SCORER, Scorer, nudity_score
from generation.models import Job, SafeguardRecord

logger = structlog.get_logger(__name__)

WITHHELD = "picture-withheld"
SENTENCE = (
    "The picture was withheld: an automatic look at it found what your plan does not make. "
    "Try other words. Your credits are back."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score` is None where no scorer looked, or it broke; the rating is then the mildest."""

    rating: Rating = Rating.GENERAL
    score: float | None = None
    is_withheld: bool = False


def judge_picture(job: Job, pixels: np.ndarray, scorer: Scorer = nudity_score) -> Verdict:
    """Rate the pixels (uint8, height × width × 3) and record what is rated above general."""
    if settings.PICTURE_SCORER == "none":
        return Verdict()
    try:
        score = scorer(pixels)
    except Exception:  # of a network that no picture may wait for; what is published is looked at by people
        logger.exception("picture_not_scored")
        return Verdict()
    rating = rating_of(score)
    if rating == Rating.GENERAL:
        return Verdict(rating, score)
    verdict = Verdict(rating, score, is_above(rating, job.owner.plan.max_rating))
    effect = SafeguardRecord.Effect.WITHHELD if verdict.is_withheld else SafeguardRecord.Effect.VEILED
    limits = (
        f"sensitive from {settings.PICTURE_SENSITIVE_PERCENT} %, explicit from {settings.PICTURE_EXPLICIT_PERCENT} %"
    )
    SafeguardRecord.objects.create(
        user=job.owner, effect=effect, words=[rating.value], job=job.code, score=score, scorer=f"{SCORER}, {limits}"
    )
    return verdict


def rating_of(score: float) -> Rating:
    """The rating of a score by the operator's limits."""
    if score * 100 >= settings.PICTURE_EXPLICIT_PERCENT:
        return Rating.EXPLICIT
    return Rating.SENSITIVE if score * 100 >= settings.PICTURE_SENSITIVE_PERCENT else Rating.GENERAL
