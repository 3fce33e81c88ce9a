"""A process that submits pictures and is killed while it does, again and again; run by `test_dying_submissions`.

`python -m tests.faults.dying_submitter USERNAME ROUNDS`: each round is a forked child that submits without end, killed
after a random moment. Forking spares the seconds that a fresh process needs to load Django.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import django

SIBLINGS = 3
LONGEST_LIFE_SECONDS = 0.2


def main(username: str, rounds: int) -> None:
    django.setup()
    from accounts.models import User
    from generation.jobs.submission import submit_jobs
    from generation.recipes.picture import Recipe

    recipe = Recipe(prompt="a red apple", width=128, height=128, steps=1)
    for number in range(rounds):
        began, begin = os.pipe()
        child = os.fork()
        if child == 0:
            user = User.objects.select_related("plan").get(username=username)
            while True:
                submit_jobs(user, recipe, SIBLINGS)
                os.write(begin, b".")
        os.close(begin)
        # The first submission of a child takes a while; the end must come at any moment of one.
        if not os.read(began, 1):
            sys.exit("A child ended before it had submitted anything.")
        time.sleep(random.Random(number).uniform(0, LONGEST_LIFE_SECONDS))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(began)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
