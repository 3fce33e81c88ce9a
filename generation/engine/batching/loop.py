"""The engine thread: it alone denoises on its device, one UNet call after another, for whoever is here.

Every round: drop who left, admit who fits, one UNet call, guidance and a scheduler step for each, publish, retire.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from generation.engine.batching.groups import Group, RoundRobin
from generation.engine.batching.metrics import EngineMetrics
from generation.engine.batching.request import RenderRequest
from generation.engine.batching.unet_call import call_unet
from generation.engine.denoising import UNetInputs
from generation.engine.failures import as_render_error, cancelled, deadline_passed, engine_stopped, is_out_of_memory
from generation.engine.outcome import RenderError

logger = logging.getLogger(__name__)

Predictions = list[tuple[RenderRequest, UNetInputs, Tensor]]


class EngineLoop:
    """One thread that owns the denoising of one device. `clock` counts its seconds (see `streams.device_clock`)."""

    def __init__(self, metrics: EngineMetrics, clock: Callable[[], float]) -> None:
        self.metrics = metrics
        self._clock = clock
        self._groups = RoundRobin()
        self._changed = threading.Condition()
        self._stopping = False
        self.died = False
        """Whether the thread ended by a bug of its own: then its process is good for nothing any more."""
        self._thread = threading.Thread(target=self._run, name="tempera-engine", daemon=True)
        self._thread.start()

    def join(self, request: RenderRequest) -> None:
        """Put a request in the queue; callable from any thread. Raises RenderError when the engine has stopped."""
        with self._changed:
            if self._stopping:
                raise engine_stopped()
            self._groups.join(request)
            self._changed.notify()

    def leave(self, request: RenderRequest) -> None:
        """Give a request up and wait until the engine has dropped it, before its next call. Harmless after its end.

        Only then may the caller let go of the weights that the call under way reads.
        """
        if request.ended:
            return
        with self._changed:
            request.left = True
            self._changed.notify()
        if threading.current_thread() is not self._thread:  # where the garbage collector may close a generator
            request.wait_for_end()

    def close(self) -> None:
        """Stop after the call under way; whoever is still here fails with `engine-stopped`."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            with torch.inference_mode():
                while (group := self._next_group()) is not None:
                    self._round(group)
        except Exception:
            logger.exception("The engine thread died")
            self.died = True
        finally:
            with self._changed:
                self._stopping = True
                for request in self._groups.requests:
                    self._end(request, engine_stopped())

    def _next_group(self) -> Group | None:
        """Drop, pick whose turn it is, admit; waits while nobody is here. None to stop."""
        with self._changed:
            while not self._stopping:
                self._drop()
                group = self._groups.next()
                if group is not None:
                    self._admit(group)
                    return group
                self._changed.wait()
            return None

    def _drop(self) -> None:
        """Let go of those who left or ran out of time, whether they run, wait or are parked."""
        now = time.monotonic()
        for request in self._groups.requests:
            if request.left:
                self._end(request, cancelled())
            elif request.deadline < now:
                self._end(request, deadline_passed())
        self._groups.remove_ended()

    def _admit(self, group: Group) -> None:
        for request in group.admit():
            if request.admitted_at is None:
                request.admitted_at = time.monotonic()
                self.metrics.admitted(request.admitted_at - request.joined_at)

    def _round(self, group: Group) -> None:
        """One step for everyone in the group's batch."""
        started = self._clock()
        for request, inputs, prediction in self._predict(group, group.running):
            self._advance(request, inputs, prediction)
        group.credit -= self._clock() - started
        with self._changed:
            self._groups.remove_ended()

    def _predict(self, group: Group, batch: Sequence[RenderRequest]) -> Predictions:
        """The UNet's predictions, halving the batch around whoever makes it fail; nobody steps before all are there."""
        try:
            return self._call(group, batch)
        except Exception as error:
            full = is_out_of_memory(error)
            if len(batch) == 1:
                self._end(batch[0], as_render_error(error))
        if full:
            group.budget.out_of_memory(sum(request.rows for request in batch))
            # Not within `except`: there the error's traceback still holds the activations of the call.
            torch.cuda.empty_cache()
        if len(batch) == 1:
            return []
        middle = len(batch) // 2
        return self._predict(group, batch[:middle]) + self._predict(group, batch[middle:])

    def _call(self, group: Group, batch: Sequence[RenderRequest]) -> Predictions:
        started, started_wall = self._clock(), time.monotonic()
        predictions = call_unet([request.denoising for request in batch])
        rows = sum(request.rows for request in batch)
        group.budget.measured(rows, self._clock() - started)
        self.metrics.stepped(rows, time.monotonic() - started_wall)
        return [(request, *made) for request, made in zip(batch, predictions, strict=True)]

    def _advance(self, request: RenderRequest, inputs: UNetInputs, prediction: Tensor) -> None:
        """Guidance and one scheduler step on (rows, C, h, w); what goes wrong here ends this request alone."""
        try:
            request.denoising.advance(inputs, prediction)
        except Exception as error:
            self._end(request, as_render_error(error))
            return
        request.publish()
        if request.denoising.done:
            request.finish()
            self.metrics.ended("finished")

    def _end(self, request: RenderRequest, error: RenderError) -> None:
        """End a request before its time; it leaves the queue with the next `remove_ended`."""
        self.metrics.ended(error.code)
        request.fail(error)
