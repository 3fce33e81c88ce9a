"""A program's way in, over HTTP: what it asks of a running site, and what it is answered."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, NamedTuple

from accounts.models import ApiToken, User

PATIENCE_SECONDS = 30


class Answer(NamedTuple):
    status: int
    body: Any


class Program:
    """It carries a token of its person's."""

    def __init__(self, user: User, address: str) -> None:
        _, key = ApiToken.objects.create(user=user, name="program")
        self.address = address
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def get(self, path: str) -> Answer:
        return self.ask(urllib.request.Request(f"{self.address}/api/v1/{path}", headers=self.headers))

    def make(self, headers: Mapping[str, str] | None = None, **fields: object) -> Answer:
        """POST a recipe of a tiny picture."""
        recipe = {"prompt": "a red apple", "width": 128, "height": 128, "steps": 2, **fields}
        headers = {**self.headers, **(headers or {})}
        data = json.dumps(recipe).encode()
        return self.ask(urllib.request.Request(f"{self.address}/api/v1/jobs", data, headers))

    def ask(self, request: urllib.request.Request) -> Answer:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return Answer(answer.status, json.load(answer))
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, json.loads(refused.read() or b"null"))
