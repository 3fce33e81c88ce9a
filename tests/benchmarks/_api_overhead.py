"""What a dialect takes beside the native route: the same picture asked for in both, within this process, in turns.

A dialect's answer has the picture in it. Nobody draws here: what waits for the picture is stood in for by something
that has it at once, whose own time is not counted; reading the file and putting it into the answer is.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from statistics import median
from typing import Any
from unittest.mock import patch

from django.test import Client

from generation.jobs.lifecycle import finish_job
from generation.jobs.queueing import claim_next
from tests.benchmarks._api_people import Person, is_there
from tests.benchmarks._web_server import row

ROUNDS = 60
WARM_UP = 5
MOST_MS = 5.0
NATIVE = "/api/v1/jobs"
BODY: dict[str, Any] = {"prompt": "a red apple", "steps": 4}
"""Of the size that the checkpoint has by itself, in every dialect."""
DIALECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "A1111": ("/sdapi/v1/txt2img", BODY),
    "OpenAI": (
        "/v1/images/generations",
        {"prompt": "a red apple", "num_inference_steps": 4, "response_format": "b64_json"},
    ),
}
"""A dialect -> where it draws, and a body that asks for such a picture as the native one does."""
WAITS = ("generation.api.waiting", "generation.api.openai.views")
"""The modules that have `until_ended` under its name."""


class HaveAtOnce:
    """In the place of `until_ended`: it finishes the jobs, and knows how long that took."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, jobs: Collection[int], seconds: float = 0) -> bool:
        import numpy as np

        began = time.perf_counter()
        while (job := claim_next("benchmark")) is not None:
            finish_job(job, np.full((job.recipe.height, job.recipe.width, 3), job.pk % 255, np.uint8), 0.1)
        self.seconds += time.perf_counter() - began
        return True


def overhead(person: Person) -> Iterator[dict[str, Any]]:
    client = Client(headers={"Host": "localhost", "Authorization": f"Bearer {person.key}"})
    dialects = {name: asked for name, asked in DIALECTS.items() if is_there(asked[0])}
    times: dict[str, list[float]] = {name: [] for name in ("native", *dialects)}
    with standing_in() as at_once:
        for number in range(WARM_UP + ROUNDS):
            taken = {"native": timed(client, NATIVE, {**BODY, "seed": number}, at_once)}
            at_once(())
            for name, (path, body) in dialects.items():
                # Another seed each time, or a dialect that knows requests again would make nothing.
                taken[name] = timed(client, path, {**body, "seed": number}, at_once)
            if number >= WARM_UP:
                for name, seconds in taken.items():
                    times[name].append(seconds)
    native = 1000 * median(times["native"])
    yield row("creation by the native route, in the process: median", native, "ms")
    for name in dialects:
        more = 1000 * median(times[name]) - native
        yield row(f"{name}: beside the native route, median", more, "ms", f"under {MOST_MS:g}", more < MOST_MS)


@contextmanager
def standing_in() -> Iterator[HaveAtOnce]:
    at_once = HaveAtOnce()
    with ExitStack() as stack:
        for module in WAITS:
            if is_module(module):
                stack.enter_context(patch(f"{module}.until_ended", at_once))
        yield at_once


def is_module(name: str) -> bool:
    return find_spec(name.rpartition(".")[0]) is not None and find_spec(name) is not None


def timed(client: Client, path: str, body: dict[str, Any], at_once: HaveAtOnce) -> float:
    """Seconds from the whole of the middleware to the whole answer, less what stood in for drawing."""
    at_once.seconds = 0.0
    began = time.perf_counter()
    answer = client.post(path, body, content_type="application/json")
    # An answer that streams is made while it is read.
    b"".join(answer)
    taken = time.perf_counter() - began - at_once.seconds
    assert answer.status_code in (200, 202), (path, answer.status_code)
    return taken
