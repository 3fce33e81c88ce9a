"""People who always have a picture under way, and when the first preview of each was made and came to their page."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import redis

from tests.benchmarks._api_people import Person, Program
from tests.live_line import BINARY, OpenPage, frame_of

STEPS = 20
PROMPTS = ("a red apple", "a blue car", "a grey cat", "a green tree", "a yellow star", "a rocket")


class Drawing:
    """While the block runs, whose picture is done gets the next one. Times are of the monotonic clock, by job."""

    def __init__(self, port: int, people: Sequence[Person]) -> None:
        from django.conf import settings

        self.people = {person.name: person for person in people}
        self.made: dict[str, float] = {}
        self.came: dict[str, float] = {}
        self.seen: set[str] = set()
        self.counted: set[str] = set()
        self.programs = {person.name: Program(port, person) for person in people}
        self.ends = threading.Event()
        self.broker = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=None)
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._ask, self._hear_made)]

    def heard(self, page: OpenPage, kind: int, data: bytes, at: float) -> None:
        """By a page, which is told of its own person's pictures alone."""
        if kind == BINARY:
            self.came.setdefault(str(frame_of(data)["code"]), at)

    def forget(self, counted: Sequence[Person]) -> None:
        """Count anew from now on, and only pictures of these people that have no preview yet."""
        self.counted = {person.name for person in counted}
        self.made, self.came = {}, {}

    def waits(self) -> list[float]:
        """Milliseconds of each picture that was begun since; one whose first preview never came has waited till now."""
        now = time.monotonic()
        time.sleep(1)
        return [1000 * (self.came.get(code, time.monotonic()) - at) for code, at in self.made.items() if at < now]

    def begin(self) -> None:
        for thread in self.threads:
            thread.start()

    def _ask(self) -> None:
        """By the rows, since somebody who never reads hears of no end."""
        from django.db import connection

        from generation.models import Job

        number, keys = 0, {person.pk: name for name, person in self.people.items()}
        while not self.ends.wait(0.5):
            busy = set(Job.objects.unfinished().values_list("owner_id", flat=True))
            for pk in keys.keys() - busy:
                number += 1
                recipe = {"prompt": PROMPTS[number % len(PROMPTS)], "width": 128, "height": 128, "steps": STEPS}
                program = self.programs[keys[pk]]
                status, _ = program.create(seed=number, **recipe)
                # The server hangs up on who says nothing for long; the next request opens another line.
                program.close()
                assert status == 202, status
        connection.close()

    def _hear_made(self) -> None:
        hearing = self.broker.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        hearing.psubscribe("tempera:frames:*")
        names = {f"tempera:frames:{person.pk}": person.name for person in self.people.values()}
        while not self.ends.is_set():
            message = hearing.get_message(timeout=0.2)
            if message is None:
                continue
            code = str(frame_of(message["data"])["code"])
            if code not in self.seen and names[message["channel"].decode()] in self.counted:
                self.made[code] = time.monotonic()
            self.seen.add(code)
        hearing.close()

    def __enter__(self) -> Drawing:
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        for thread in self.threads:
            if thread.ident is not None:
                thread.join()
        self.broker.close()
        for program in self.programs.values():
            program.close()
