"""From whatever a step, an encoder or a decoder raises to a RenderError that a person can read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from generation.engine.outcome import RenderError
from generation.recipe import InvalidRecipe

logger = logging.getLogger(__name__)


def as_render_error(error: Exception) -> RenderError:
    """The error itself where it already is one; the log keeps the trace of what nobody foresaw."""
    if isinstance(error, RenderError):
        return error
    if is_out_of_memory(error):
        return RenderError("out-of-memory", "The picture needs more memory than the device has; a smaller one may fit.")
    logger.error("A render failed", exc_info=error)
    return RenderError("render-failed", "Something went wrong on our side while the picture was made.")


def is_out_of_memory(error: Exception) -> bool:
    """The CPU's allocator raises a plain RuntimeError, which only its text tells apart."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


@contextmanager
def failing_as_render_error() -> Iterator[None]:
    """Inside the block every error leaves as a RenderError; a recipe's own fault stays an InvalidRecipe."""
    try:
        yield
    except InvalidRecipe:
        raise
    except Exception as error:
        raise as_render_error(error) from None


def engine_stopped() -> RenderError:
    return RenderError("engine-stopped", "The engine stopped before the picture was finished.")


def cancelled() -> RenderError:
    return RenderError("cancelled", "The picture was cancelled.")


def deadline_passed() -> RenderError:
    return RenderError("deadline", "The picture took longer than it may.")


def not_finite() -> RenderError:
    return RenderError(
        "not-finite", "The numbers of this picture ran away (NaN). Another sampler, CFG scale or LoRA weight may help."
    )
