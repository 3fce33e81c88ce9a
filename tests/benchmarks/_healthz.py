"""Asks a web server for `/healthz` again and again, from a process of its own, and prints how long each answer took.

`python -m tests.benchmarks._healthz PORT`: a line for each answer, when it was asked for and the seconds that it took.
"""

from __future__ import annotations

import http.client
import sys
import time

PAUSE_SECONDS = 0.005


def main(port: int) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while True:
        asked = time.time()
        line.request("GET", "/healthz", headers={"Host": "localhost"})
        line.getresponse().read()
        print(asked, time.time() - asked, flush=True)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(int(sys.argv[1]))
