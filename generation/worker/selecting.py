"""The worker's side of selecting by click: a network grows the mask that `jobs.selecting` was asked for."""

from __future__ import annotations

import structlog

from accounts.refusals import Refusal
from generation.engine.outcome import RenderError
from generation.jobs import selecting
from generation.messages import selections
from generation.worker.process import this_worker

logger = structlog.get_logger(__name__)


def perform_selection(number: int) -> str:
    """Answer one question, which may have been answered or forgotten meanwhile."""
    asked = selections.find(number)
    if asked is None or asked.mask is not None:
        return "nothing to do"
    try:
        pixels = selecting.pixels_of(asked.picture_sha256)
        mask = this_worker().renderer.annotators.select(asked.annotator_sha256, pixels, *selecting.where(asked))
    except (RenderError, Refusal) as error:
        selecting.answer(number, None, str(error))
        return "failed"
    except Exception:
        logger.exception("selection_broke")
        selecting.answer(number, None, "The network could not select in this picture.")
        return "failed"
    selecting.answer(number, mask)
    return "selected"
