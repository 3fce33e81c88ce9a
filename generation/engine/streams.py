"""A GPU's second queue: loading, text encoding, previews and decoding run beside the denoising, not in line with it.

The engine's thread denoises on the device's default stream. One other stream serves all the rest: torch keeps freed
memory for each stream by itself, so that many streams would hold as many times the memory of a decoding.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


@contextmanager
def beside_the_engine(device: torch.device) -> Iterator[None]:
    """What the block queues on the device is done when the block ends, whatever the engine does meanwhile.

    What it reads must be done already: the engine waits for the device after each step, and so does the end of such a
    block. Only then may either let go of what the other reads. On a CPU there is nothing to queue.
    """
    if device.type != "cuda":
        yield
        return
    stream = _stream_beside(device)
    with torch.cuda.stream(stream):
        try:
            yield
        finally:
            stream.synchronize()


@functools.cache
def _stream_beside(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def device_clock(device: torch.device) -> Callable[[], float]:
    """Seconds of work on the device as the engine thread sees them, without what runs beside it.

    On a CPU it is this thread's own CPU time, so that busy neighbours do not look like a slow batch.
    """
    if device.type != "cuda":
        return time.thread_time

    def synchronised() -> float:
        torch.cuda.current_stream(device).synchronize()
        return time.perf_counter()

    return synchronised
