"""What the site adds to a picture: from pressing the button to the picture, against the same loop alone in diffusers.

The site is the true one, started by `manage.py platform` on a fresh data folder, idle but for these requests; both use
one torch thread, the runs alternate, and medians are told.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks._websocket import BINARY, Listener
from tests.plugin import free_port

ROOT = Path(__file__).resolve().parents[2]
PAIRS = 12
STEPS = 20
PROMPTS = ("a red apple", "a blue car", "a grey cat", "a green tree", "a yellow star", "a rocket")


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="tempera-benchmark-") as folder, site(Path(folder)) as port:
        # First what takes long to load: the server hangs up on a visitor who is silent for half a minute.
        alone = Alone()
        visitor = Visitor(port)
        visitor.picture(0), alone.picture(0)
        pairs = [(visitor.picture(number), alone.picture(number)) for number in range(1, PAIRS + 1)]
        visitor.line.close()
    first, whole = median(pair[0][0] for pair in pairs), median(pair[0][1] for pair in pairs)
    ratio = median(pair[0][1] / pair[1] for pair in pairs)
    return [
        row("first preview after pressing the button", first, "s", "at most 1", first <= 1),
        row(f"picture of {STEPS} steps, through the site", whole, "s", "at most 3", whole <= 3),
        row(f"picture of {STEPS} steps, diffusers alone", median(pair[1] for pair in pairs), "s"),
        row("through the site over diffusers alone", ratio, "times", "at most 1.15", ratio <= 1.15),
    ]


def row(what: str, value: float, unit: str, goal: str = "", holds: bool | None = None) -> dict[str, Any]:
    return {"what": what, "value": value, "unit": unit, "goal": goal, "holds": holds}


@contextmanager
def site(folder: Path) -> Iterator[int]:
    """Everything, started as an operator starts it; gives the port."""
    port = free_port()
    own = {"DATA_DIR": str(folder), "PORT": str(port), "VALKEY_PORT": str(free_port()), "RENDER_THREADS": "1"}
    os.environ.update(own)
    os.environ.pop("REDIS_URL", None)
    with (folder / "platform.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "platform"], cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        until_ready(port, process, folder / "platform.log")
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """The last thing the platform says is its block with the address, once all parts answer."""
    deadline = time.monotonic() + 180
    while b"Ctrl-C" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The site did not start:\n{log.read_text()}")
        time.sleep(0.2)


class Visitor:
    """Somebody with a page open, who presses the button and watches the tile."""

    def __init__(self, port: int) -> None:
        import django

        django.setup()
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore

        from accounts.credits import grant
        from accounts.models import ApiToken, User

        user = User.objects.create_user("visitor", "visitor@example.org", "a long enough password")
        grant(user, 10_000, reference="benchmark")
        self.port = port
        self.token = ApiToken.objects.create(user=user, name="benchmark")[1]
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        self.line = Listener(port, f"sessionid={session.session_key}")
        self.messages = self.line.messages()

    def picture(self, number: int) -> tuple[float, float]:
        """Seconds until the first preview has arrived, and until the picture is told to be done."""
        started = time.perf_counter()
        first = 0.0
        code = self.press(number)
        for kind, data in self.messages:
            if kind == BINARY:
                first = first or time.perf_counter() - started
                self.line.say('{"ack":true}')
                continue
            message = json.loads(data)
            if message["type"] == "job" and message["code"] == code and message["state"] in ("done", "failed"):
                assert message["state"] == "done", message
                return first, time.perf_counter() - started
        raise RuntimeError("The line was closed.")

    def press(self, number: int) -> str:
        body = json.dumps({"prompt": PROMPTS[number % len(PROMPTS)], "seed": number, "steps": STEPS}).encode()
        request = urllib.request.Request(
            f"http://localhost:{self.port}/api/v1/jobs",
            data=body,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(json.load(answer)["jobs"][0]["code"])


class Alone:
    """diffusers' own pipeline with the same weights, sampler, steps and scale, in this process."""

    def __init__(self) -> None:
        import torch
        from diffusers import StableDiffusionPipeline

        torch.set_num_threads(1)
        folder = ROOT / "generation" / "bundled" / "emoji-diffusion"
        self.pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True)
        self.pipe.set_progress_bar_config(disable=True)

    def picture(self, number: int) -> float:
        import torch

        started = time.perf_counter()
        self.pipe(
            PROMPTS[number % len(PROMPTS)],
            width=128,
            height=128,
            num_inference_steps=STEPS,
            guidance_scale=4.0,
            generator=torch.Generator().manual_seed(number),
        )
        return time.perf_counter() - started
