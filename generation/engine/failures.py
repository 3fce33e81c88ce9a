"""From whatever a step, an encoder or a decoder raises to a RenderError that a person can read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import torch

from generation.engine.outcome import RenderError
from generation.recipes.checks import InvalidRecipe

logger = logging.getLogger(__name__)

Entered = TypeVar("Entered")

NO_MEMORY = ("can't allocate memory", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""What a plain RuntimeError says where it means that memory is full: the CPU's allocator, the driver, and cuBLAS."""


def as_render_error(error: Exception) -> RenderError:
    """The error itself where it already is one; the log keeps the trace of what nobody foresaw."""
    if isinstance(error, RenderError):
        return error
    if is_out_of_memory(error):
        return RenderError("out-of-memory", "The picture needs more memory than the device has; a smaller one may fit.")
    logger.error("A render failed", exc_info=error)
    return RenderError("render-failed", "Something went wrong on our side while the picture was made.")


def is_out_of_memory(error: Exception) -> bool:
    """Not everybody raises torch's own error: of some, only the text tells."""
    known = isinstance(error, torch.OutOfMemoryError | MemoryError)
    return known or (isinstance(error, RuntimeError) and any(words in str(error) for words in NO_MEMORY))


@contextmanager
def failing_as_render_error() -> Iterator[None]:
    """Inside the block every error leaves as a RenderError; a recipe's own fault stays an InvalidRecipe."""
    try:
        yield
    except InvalidRecipe:
        raise
    except Exception as error:
        raise as_render_error(error) from None


@contextmanager
def entering_as_render_error(context: AbstractContextManager[Entered]) -> Iterator[Entered]:
    """The context, whose beginning fails as a RenderError; what is raised inside the block stays as it is."""
    with ExitStack() as stack:
        with failing_as_render_error():
            entered = stack.enter_context(context)
        yield entered


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
