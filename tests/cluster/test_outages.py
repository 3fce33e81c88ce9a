"""Sixty pictures by six people on many machines that fail in turn: none is lost and none is charged twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.cluster.machines import Cluster, Machine, is_ready
from tests.cluster.makers import Maker
from tests.cluster.newer_version import newer_version
from tests.live_line import TEXT, OpenPage, OpenPages

PEOPLE, PICTURES = 6, 60
EACH = 2
"""So many pictures each of them asks for in each outage, of which there are five."""
CHECKPOINTS = ("emoji-diffusion", "tiny-sd1-1-4", "tiny-sd1-2-4")
PAUSE_SECONDS = 1.5
BROKER_SECONDS = BUCKET_SECONDS = 20
DATABASE_SECONDS = 10
BACK_WITHIN, DONE_WITHIN = 45, 120

STATES = "SELECT state, error_code, COUNT(*) FROM generation_job GROUP BY 1, 2"
IMAGES = "SELECT COUNT(*), COUNT(DISTINCT job_id) FROM generation_generatedimage"
CHARGED = "SELECT COUNT(*), COUNT(DISTINCT reference) FROM accounts_creditentry WHERE kind = 'settle'"
OF_WORKER = "SELECT COUNT(*) FROM generation_job WHERE state = 'running' AND worker LIKE %s"


class Told:
    """Which jobs are done as the open pages were told."""

    def __init__(self) -> None:
        self.done: set[str] = set()

    def __call__(self, page: OpenPage, kind: int, data: bytes, at: float) -> None:
        if kind == TEXT and (message := json.loads(data))["type"] == "job" and message["state"] == "done":
            self.done.add(message["code"])


@pytest.mark.slow
def test_nothing_is_lost(cluster: Cluster) -> None:
    makers = cluster.settle(PEOPLE, CHECKPOINTS)
    host, port = cluster.address.removeprefix("http://").split(":")
    opened = [OpenPage(host, int(port), maker.session, maker.name) for maker in makers]
    told = Told()
    with OpenPages(told) as pages:
        pages.open(opened)
        last = [while_asked(cluster, makers, outage) for outage in OUTAGES][-1]
        cluster.until(lambda: all(page.is_up for page in opened), BACK_WITHIN)
        cluster.until(lambda: counted(cluster, STATES) == [("done", "", PICTURES)], DONE_WITHIN)
        cluster.until(lambda: told.done >= last, BACK_WITHIN)
    assert 500 not in {status for maker in makers for status in maker.refused}
    assert len({code for maker in makers for code in maker.codes}) == PICTURES
    assert counted(cluster, IMAGES) == [(PICTURES, PICTURES)]
    assert counted(cluster, CHARGED) == [(PICTURES, PICTURES)]
    assert cluster.machines["house"].run("audit_consistency").strip() == "0 findings."


def while_asked(cluster: Cluster, makers: list[Maker], outage: Callable[[Cluster], None]) -> set[str]:
    """Have everybody ask for pictures while it happens; the codes of those."""
    with ThreadPoolExecutor(len(makers)) as pool:
        asked = [pool.submit(maker.make, EACH, PAUSE_SECONDS) for maker in makers]
        outage(cluster)
        return {code for each in asked for code in each.result()}


def kill_a_worker(cluster: Cluster) -> None:
    """With pictures in hand, without a goodbye. It is started anew: some pictures need its weights."""
    worker = cluster.machines["gpu-a"]
    assert worker.process is not None
    name = f"%-{worker.process.pid}-%"
    cluster.until(lambda: counted(cluster, OF_WORKER, name) != [(0,)], 60)
    worker.stop(signal.SIGKILL)
    time.sleep(1)
    worker.start()


def roll_out(cluster: Cluster) -> None:
    """A new version, by its migration first, while the former one serves; then one web process is of the new one."""
    web = cluster.machines["web-a"]
    web.tree = newer_version(cluster.folder)
    migrate(web)
    web.stop()
    web.start()
    cluster.until(lambda: is_ready(web), 60)


def migrate(machine: Machine) -> None:
    """In a process of its own, since this one's has the former version loaded."""
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=machine.tree, env=machine.env, check=True)


def cut_the_broker(cluster: Cluster) -> None:
    cluster.relays.cut(cluster.broker)
    time.sleep(BROKER_SECONDS)
    cluster.relays.open(cluster.broker)


def refuse_to_store(cluster: Cluster) -> None:
    cluster.relays.refuse(cluster.bucket)
    time.sleep(BUCKET_SECONDS)
    cluster.relays.open(cluster.bucket)
    assert cluster.bucket.refused


def stop_the_database(cluster: Cluster) -> None:
    cluster.stop_postgres()
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(f"{cluster.address}/gallery/"):
        pass
    with refused.value as answer:
        assert (answer.code, b"A part of the site is away" in answer.read()) == (503, True)
    time.sleep(DATABASE_SECONDS)
    cluster.start_postgres()


OUTAGES = (kill_a_worker, roll_out, cut_the_broker, refuse_to_store, stop_the_database)


def counted(cluster: Cluster, query: str, *values: str) -> list[tuple[object, ...]]:
    host, port = cluster.database.address
    with psycopg.connect(host=host, port=port, user="postgres", dbname="postgres") as connection:
        return connection.execute(query, values or None).fetchall()
