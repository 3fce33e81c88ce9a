"""People who make pictures over HTTP, through the proxy, whatever happens behind it; they ask until answered."""

from __future__ import annotations

import itertools
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

AGAIN_SECONDS = 0.5
PATIENCE_SECONDS = 120
TIMEOUT_SECONDS = 15
RECIPE = {"prompt": "a red apple", "width": 128, "height": 128, "steps": 12}
UNDER_WAY = 409
"""The first try of a request has not been answered yet."""


@dataclass
class Maker:
    """A program of one person's. `codes` are the jobs that it was promised, `refused` what it was told before that."""

    address: str
    name: str
    key: str
    session: str
    checkpoints: tuple[str, ...]
    codes: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    def make(self, count: int, pause: float) -> list[str]:
        """So many pictures, one after the other, each by another checkpoint; their codes."""
        return [self.make_one(pause) for _ in range(count)]

    def make_one(self, pause: float) -> str:
        number = len(self.codes)
        recipe = {**RECIPE, "seed": number, "checkpoint": self.checkpoints[number % len(self.checkpoints)]}
        code = self.promised(recipe, key=f"picture-{number}")
        self.codes.append(code)
        time.sleep(pause)
        return code

    def promised(self, recipe: dict[str, object], key: str) -> str:
        """Asked for with one key again and again, so that an answer that was lost makes no second picture."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", "Idempotency-Key": key}
        request = urllib.request.Request(f"{self.address}/api/v1/jobs", json.dumps(recipe).encode(), headers)
        deadline = time.monotonic() + PATIENCE_SECONDS
        for _ in itertools.count():
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                    return str(json.load(answer)["jobs"][0]["code"])
            except urllib.error.HTTPError as refusal:
                with refusal:
                    assert refusal.code == UNDER_WAY or refusal.code >= 500, refusal.read()
                    self.refused.append(refusal.code)
            except OSError:
                self.refused.append(0)
            assert time.monotonic() < deadline, f"{self.name} was not promised a picture: {self.refused}"
            time.sleep(AGAIN_SECONDS)
        raise AssertionError
