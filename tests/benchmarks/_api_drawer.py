"""`python -m tests.benchmarks._api_drawer`: stands in for a worker until it is ended; only its pixels are made up.

Jobs are claimed and finished by the site's own verbs, files, credits and events included, one after another.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks._api_people import set_up
from tests.benchmarks._web_server import ROOT

REST_SECONDS = 0.02


@contextmanager
def drawer() -> Iterator[None]:
    """A process of its own, since this one measures."""
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks._api_drawer"], cwd=ROOT, env=os.environ)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    set_up()
    import numpy as np

    from generation.jobs.lifecycle import finish_job
    from generation.jobs.queueing import claim_next

    while True:
        job = claim_next("drawer")
        if job is None:
            time.sleep(REST_SECONDS)
            continue
        pixels = np.random.default_rng(job.pk).integers(0, 255, (job.recipe.height, job.recipe.width, 3), np.uint8)
        finish_job(job, pixels, 0.1)


if __name__ == "__main__":
    main()
