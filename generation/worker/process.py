"""One worker process: its renderer, the jobs, trainings and merges it holds, and the heartbeat for their leases."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache

import structlog
from django.conf import settings
from django.db import close_old_connections, connections

from generation.catalog.merges import queue as merge_queue
from generation.engine.batching.row_budget import pictures_in_hand
from generation.engine.renderer import Renderer
from generation.jobs import lifecycle, queueing, upkeep
from generation.jobs.reachable import elsewhere_of, hashes_in
from generation.models import GpuWorker, Job, LoraMerge, TrainingRun, leases
from generation.training.runs import lifecycle as runs_lifecycle
from generation.training.runs import queueing as runs_queueing
from generation.worker.pictures import SitePictures
from generation.worker.weights import CatalogWeights, Lacking, fetched, reachable_checkpoints

logger = structlog.get_logger(__name__)

LEAST_DEADLINE_SECONDS = 150.0
DEADLINE_TIMES = 10
HANGING_AFTER_SECONDS = 60.0
"""The engine gives up a job at its deadline; one that is still in hand so much later hangs in it."""
UNMEASURED_WORK_PER_SECOND = 512 * 512 * 0.25
"""A slow processor: four seconds for a step of 512×512."""


class WorkerProcess:
    """One per worker process; used from all of its task threads."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer = renderer
        # Unlike any other's: in a container the next process has the number of the one that died.
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        slots = settings.RENDERING.slots or pictures_in_hand(renderer.device.type)
        self.row = GpuWorker(name=self.name, device=str(renderer.device), slots=slots)
        self.stop_at: float | None = None
        # By attempt: a job that was lost and claimed again may be here twice.
        self._jobs: dict[queueing.Claim, Job] = {}
        self._lost: set[queueing.Claim] = set()
        self._hangs_at: dict[queueing.Claim, float] = {}
        self._lock = threading.Lock()
        self.training_lock = threading.Lock()
        self.training_due = threading.Event()
        self.requested_action: str | None = None
        """What the owner of the held training asked for, as read last; None when it is no longer this worker's."""
        self.elsewhere = queueing.NOTHING
        """What only other workers reach, as of the last heartbeat."""
        self.lacking = Lacking()
        self.drained_or_not: Callable[[bool], None] = lambda drained: None
        """Called when the operator has it drained, or take work again: whoever hands it wake-ups should know."""
        self._run: TrainingRun | None = None
        self._merges: list[LoraMerge] = []

    @property
    def threads(self) -> int:
        """Threads that this worker's pool needs: a training takes one for hours, beside those that draw."""
        return self.row.slots + 1

    @property
    def closing(self) -> bool:
        return self.stop_at is not None or self.renderer.died

    @property
    def takes_work(self) -> bool:
        """Whether it may begin anything: it is neither closing nor, as of the last heartbeat, drained."""
        return not (self.closing or self.row.is_draining)

    def out_of_time(self) -> bool:
        return self.stop_at is not None and time.monotonic() > self.stop_at

    def drain(self) -> None:
        """Take no new job; running ones have the grace time to finish."""
        grace = settings.RENDERING.stop_grace_seconds
        self.stop_at = time.monotonic() + grace
        # The thread of a job may be in a call that returns after long, and this process is killed soon after.
        timer = threading.Timer(grace, self.release_all)
        timer.daemon = True
        timer.start()

    def release_all(self) -> None:
        """Put what is still held back into the queues; a result that comes after this is dropped by its fence."""
        with self._lock:
            jobs, merges = list(self._jobs.values()), list(self._merges)
        released = sum(map(lifecycle.release_job, jobs)) + sum(map(merge_queue.release_merge, merges))
        if (run := self._run) is not None:
            released += runs_lifecycle.release_run(run)
        if released:
            logger.info("work_released", released=released)
        connections.close_all()

    def warm(self) -> set[str]:
        """Checkpoints that need no loading: those in memory, and those of the held jobs, which load now."""
        with self._lock:
            held = {job.checkpoint_sha256 for job in self._jobs.values()}
        return held | self.renderer.loaded

    def in_use(self) -> set[str]:
        """Hashes of the weights that are in memory or belong to held work: their files stay on the disk."""
        with self._lock:
            jobs = list(self._jobs.values())
        run = self._run
        named = set().union(*(hashes_in(job.recipe_json) for job in jobs))
        return named | self.renderer.loaded | ({run.checkpoint_sha256} if run else set())

    def only_others_reach(self, job: Job) -> bool:
        """Whether only other workers have all its weights, as things are now: the last heartbeat may not have known."""
        self.lacking.look()
        self.heartbeat()
        return self.elsewhere.has(job)

    def has_lost(self, job: Job) -> bool:
        """Whether it was cancelled or given to another worker, as of the last heartbeat."""
        return queueing.claim_of(job) in self._lost

    def deadline(self, job: Job) -> float:
        """Seconds after which a job counts as hanging: generous, but by its work."""
        speed = self.row.work_per_second / max(1, self.row.slots)
        return LEAST_DEADLINE_SECONDS + DEADLINE_TIMES * job.work / (speed or UNMEASURED_WORK_PER_SECOND)

    @contextmanager
    def holding_job(self, job: Job) -> Iterator[None]:
        """Keep the job's lease alive while the block runs."""
        claim = queueing.claim_of(job)
        with self._lock:
            self._jobs[claim] = job
            self._hangs_at[claim] = time.monotonic() + self.deadline(job) + HANGING_AFTER_SECONDS
        try:
            yield
        finally:
            with self._lock:
                self._jobs.pop(claim, None)
                self._hangs_at.pop(claim, None)
                self._lost.discard(claim)

    def give_time(self, job: Job, seconds: float) -> None:
        """It waits for something outside the engine for so long, and does not hang."""
        claim = queueing.claim_of(job)
        with self._lock:
            if claim in self._hangs_at:
                self._hangs_at[claim] += seconds

    @contextmanager
    def holding_run(self, run: TrainingRun) -> Iterator[None]:
        """Keep the run's lease alive while the block runs. One at a time: the caller has the `training_lock`."""
        self._run, self.requested_action = run, run.requested_action
        try:
            yield
        finally:
            self._run = None

    @contextmanager
    def holding_merge(self, merge: LoraMerge) -> Iterator[None]:
        """Have the merge put back if the worker stops while the block runs. Its lease is prolonged by the caller."""
        with self._lock:
            self._merges.append(merge)
        try:
            yield
        finally:
            with self._lock:
                # By identity: a merge that was lost and claimed again may be here twice.
                self._merges = [held for held in self._merges if held is not merge]

    def record_speed(self, work: float, seconds: float) -> None:
        """Average one finished picture into the measured speed; those drawn beside it share the device."""
        speed = work / max(seconds, 1e-3) * max(1, len(self._jobs))
        old = self.row.work_per_second
        self.row.work_per_second = speed if not old else 0.8 * old + 0.2 * speed

    def start(self) -> None:
        """Start the heartbeat, in a thread, since a long UNet call must not look like a dead worker."""
        threading.Thread(target=self._keep_beating, name="heartbeat", daemon=True).start()

    def _keep_beating(self) -> None:
        while not self.closing or self._jobs or self._run:
            try:
                self.heartbeat()
                close_old_connections()
            except Exception:  # not only the database's own: without heartbeats every held job is lost
                logger.exception("heartbeat_failed")
            time.sleep(leases.HEARTBEAT_SECONDS)
        if self.renderer.died:
            # Half a worker would take wake-ups and draw nothing; a supervisor starts a whole one.
            logger.critical("worker_without_engine")
            os._exit(os.EX_SOFTWARE)

    def heartbeat(self) -> None:
        """Prolong the leases of all held jobs in one update, and learn which are no longer this worker's.

        The lease of a job that hangs is not prolonged, so that another worker tries it.
        """
        with self._lock:
            jobs = [job for claim, job in self._jobs.items() if time.monotonic() < self._hangs_at[claim]]
        fetched().release()
        self.row.checkpoints = reachable_checkpoints()
        self.row.metrics = asdict(self.renderer.metrics.snapshot()) | {"lacking": self.lacking.hashes()}
        was_draining = self.row.is_draining
        mine = queueing.heartbeat(self.row, jobs)
        if self.row.is_draining != was_draining:
            self.drained_or_not(self.row.is_draining)
        self.elsewhere = elsewhere_of(self.row)
        gone = {queueing.claim_of(job) for job in jobs} - mine
        with self._lock:
            self._lost |= gone & self._jobs.keys()
        if (run := self._run) is not None:
            self.requested_action = runs_queueing.heartbeat(run)


@cache
def this_worker() -> WorkerProcess:
    """This process's only one; made on first use, since making it loads torch."""
    renderer = Renderer(
        CatalogWeights(),
        SitePictures(),
        device=settings.RENDERING.device,
        threads=settings.RENDERING.threads,
        checkpoint_budget_bytes=settings.RENDERING.checkpoint_budget_bytes,
        lora_budget_bytes=settings.RENDERING.lora_budget_bytes,
    )
    worker = WorkerProcess(renderer)
    fetched().in_use = worker.in_use
    return worker


def open_worker() -> None:
    """Start the heartbeat, recover what a dead worker left, and send wake-ups for this one's own slots."""
    worker = this_worker()
    worker.start()
    upkeep.recover()
    upkeep.wake_for(worker.row.slots)
