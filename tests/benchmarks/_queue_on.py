"""`python -m tests.benchmarks._queue_on`: the queue's figures on the database of the settings, as JSON.

Rows are made in bulk, claims are the true ones; everything happens in a test database.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import User
    from generation.models import Job

USERS = 1_000
SIZES = (1_000, 20_000, 100_000)
CLAIMS = 300
GRIDS = 12
SEND, PUBLISH = "generation.messages.wakeups.send", "generation.messages.events.publish_change"
LIMIT_MS = {"sqlite": 20.0, "postgresql": 10.0}
PICTURE = 512.0 * 512 * 20


def main() -> None:
    with database() as vendor:
        arrivals = [*arriving(vendor), *arriving(vendor, warm=("a" * 64,))]
        print(json.dumps([*submitting(vendor), *claiming(vendor), *sharing(vendor), *arrivals]))


@contextmanager
def database() -> Iterator[str]:
    """An empty database with our tables; every claim commits, as it does for a worker."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.db import connection

    django.setup()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield connection.vendor
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def people(count: int) -> list[User]:
    """With one plan that sets no limits: what is measured is the order."""
    from accounts.models import Plan, User

    plan, _ = Plan.objects.get_or_create(name="measured", defaults={"max_running": 10**6, "max_queued": 10**6})
    start = User.objects.count()
    names = [f"u{number}" for number in range(start, start + count)]
    User.objects.bulk_create(
        [User(username=name, email=f"{name}@example.org", skeleton=name, plan=plan) for name in names]
    )
    return list(User.objects.select_related("plan").filter(username__in=names))


def line_up(owner: User, count: int, work: float = PICTURE, checkpoint: str = "a" * 64) -> list[Job]:
    """Queue jobs as `submission` does, without prompts, prices and holds."""
    from django.db import transaction

    from generation.jobs import fairness
    from generation.models import Job

    with transaction.atomic():
        starts = fairness.stamp(owner, [work] * count)
        return Job.objects.bulk_create([unsent(owner, start, work, checkpoint) for start in starts], batch_size=500)


def unsent(owner: User, start: float, work: float, checkpoint: str = "a" * 64) -> Job:
    from generation.models import Job

    return Job(
        owner=owner, submission="0" * 16, recipe_json={"prompt": "a red apple"}, prompt="a red apple",
        checkpoint_sha256=checkpoint, credits=1, work=work, virtual_start=start,
    )  # fmt: skip


def clear() -> None:
    from generation.models import Job, QueueClock, QueueShare

    for model in (Job, QueueShare, QueueClock):
        model.objects.all().delete()


def submitting(vendor: str) -> list[dict[str, Any]]:
    """A grid of 64 pictures: queries, seconds, and how long it holds what other submissions wait for."""
    from unittest.mock import patch

    from django.conf import settings
    from django.db import connection

    from accounts.credits import grant
    from generation.catalog.importing import import_folder
    from generation.jobs.grids.submission import submit_grid
    from generation.models import LabGrid
    from generation.recipes.grids.axes import Axis
    from generation.recipes.grids.plan import GridPlan
    from generation.recipes.picture import Recipe

    list(import_folder(settings.WEIGHTS_DIRS[-1]))
    (owner,) = people(1)
    owner.plan.max_grid_pictures = 64
    grant(owner, 100_000, reference="measured")
    recipe = Recipe("a red apple <lora:line-art:0.7> <lora:fluent-3d:0.4>", width=128, height=128, steps=4)
    statements: list[tuple[float, float, str]] = []

    def note(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        statements.append((time.perf_counter(), time.process_time(), sql))
        return execute(sql, *args)

    taken = []
    for number in range(GRIDS):
        plan = GridPlan(recipe.replace(seed=number), (Axis.read("steps", "4-11"), Axis.read("cfg_scale", "1-8")))
        statements.clear()
        begin = time.perf_counter()
        with connection.execute_wrapper(note), patch(SEND), patch(PUBLISH):
            submit_grid(owner, plan)
        whole = time.perf_counter() - begin
        # The share is locked first, and the workers are counted when all is committed.
        locked = next(times for *times, sql in statements if "queueshare" in sql)
        freed = next(times for *times, sql in statements if "gpuworker" in sql)
        taken.append((whole, freed[0] - locked[0], freed[1] - locked[1], len(statements)))
    LabGrid.objects.all().delete()
    clear()
    seconds, held, busy, queries = zip(*taken[1:], strict=True)
    lock = 1_000 * percentile(0.5, held)
    of = f"submit_grid, 64 pictures on {vendor}"
    return [
        row(f"{of}, lock held, median", round(lock, 1), "ms", "< 50", lock < 50),
        row(f"{of}, lock held, processor, median", round(1_000 * percentile(0.5, busy), 1), "ms"),
        row(f"{of}, median", round(1_000 * percentile(0.5, seconds)), "ms"),
        row(f"{of}, most queries", max(queries), "", "<= 60", max(queries) <= 60),
    ]


def claiming(vendor: str) -> list[dict[str, Any]]:
    from django.db import connection

    owners = people(USERS)
    rows: list[dict[str, Any]] = []
    undisturbed: list[float] = []
    for size in SIZES:
        fill(owners, size)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        seconds, busy = zip(*claims(), strict=True)
        clear()
        of = f"{size:,} queued of {USERS:,} people on {vendor}"
        p95 = 1_000 * percentile(0.95, seconds)
        rows.append(
            row(f"claim_next, {of}, p95", round(p95, 2), "ms", f"< {LIMIT_MS[vendor]:g}", p95 < LIMIT_MS[vendor])
        )
        rows.append(row(f"claim_next, {of}, median", round(1_000 * percentile(0.5, seconds), 2), "ms"))
        # The quicker ones say how the work grows; the slower ones what else the machine does.
        undisturbed.append(percentile(0.25, seconds))
        rows.append(row(f"claim_next, {of}, processor, median", round(1_000 * percentile(0.5, busy), 2), "ms"))
    flat = undisturbed[-1] / undisturbed[0]
    rows.append(row(f"claim_next, 100,000 rows against 1,000 on {vendor}", round(flat, 2), "times", "<= 2", flat <= 2))
    return rows


def fill(owners: Sequence[User], size: int) -> None:
    """Everybody queues as many, as `submission` would, but written at once."""
    from django.db import connection, transaction

    from generation.models import Job, QueueClock
    from generation.models.jobs import new_code

    QueueClock.objects.get_or_create(pk=1)
    like = unsent(owners[0], 0.0, PICTURE)
    fields = [field for field in Job._meta.concrete_fields if not field.primary_key]
    columns = [str(field.column) for field in fields]
    values: dict[str, Any] = {
        str(field.column): field.get_db_prep_save(field.pre_save(like, True), connection) for field in fields
    }
    marks = ", ".join(["%s"] * len(columns))
    insert = f"INSERT INTO {Job._meta.db_table} ({', '.join(columns)}) VALUES ({marks})"
    each = ({"owner_id": owner.pk, "virtual_start": float(n)} for n in range(size // USERS) for owner in owners)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(insert, [[*{**values, **own, "code": new_code()}.values()] for own in each])


def claims() -> list[tuple[float, float]]:
    """Seconds of each claim, by the clock and of the processor, with the jobs of a busy house running."""
    from generation.jobs.queueing import claim_next
    from generation.models import Job

    running: list[int] = []
    taken = []
    for _ in range(CLAIMS):
        begin, busy = time.perf_counter(), time.process_time()
        job = claim_next("bench", {"a" * 64})
        taken.append((time.perf_counter() - begin, time.process_time() - busy))
        assert job is not None
        running.append(job.pk)
        if len(running) > 32:
            Job.objects.filter(pk=running.pop(0)).update(state=Job.State.DONE)
    return taken


def percentile(part: float, values: Sequence[float]) -> float:
    return sorted(values)[int(part * len(values))]


def row(what: str, value: float, unit: str, goal: str | None = None, holds: bool | None = None) -> dict[str, Any]:
    return {"what": what, "value": value, "unit": unit} | ({"goal": goal, "holds": holds} if goal else {})


def sharing(vendor: str) -> list[dict[str, Any]]:
    """Ten people whose queues and pictures differ much; what each got done in 500 jobs, while all had work."""
    owners = people(10)
    for number, owner in enumerate(owners):
        line_up(owner, 100 + 60 * number, PICTURE * (1, 0.25, 2)[number % 3])
    done = dict.fromkeys((owner.pk for owner in owners), 0.0)
    drawn(500, lambda job: done.update({job.owner_id: done[job.owner_id] + job.work}))
    clear()
    shares = list(done.values())
    jain = sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))
    return [
        row(
            f"Jain index of the work of 10 people over 500 jobs on {vendor}",
            round(jain, 4),
            "",
            ">= 0.98",
            jain >= 0.98,
        )
    ]


def arriving(vendor: str, warm: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Somebody comes when 200 jobs of another wait and one is being drawn; if `warm`, with a checkpoint that is not."""
    first, newcomer = people(2)
    line_up(first, 200)
    drawn(1, lambda job: None, warm)
    line_up(newcomer, 1, checkpoint="b" * 64 if warm else "a" * 64)
    order: list[int] = []
    drawn(10, lambda job: order.append(job.owner_id), warm)
    clear()
    waited = order.index(newcomer.pk) + 1 if newcomer.pk in order else len(order) + 1
    what = f"a newcomer's wait behind 200 jobs{' whose checkpoint is loaded' if warm else ''} on {vendor}"
    return [row(what, waited, "job times", "<= 2", waited <= 2)]


def drawn(count: int, done: Callable[[Job], object], warm: Sequence[str] = ()) -> None:
    """One device: a job is claimed when the last has ended."""
    from generation.jobs.queueing import claim_next
    from generation.models import Job

    for _ in range(count):
        job = claim_next("bench", warm)
        assert job is not None
        Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
        done(job)


if __name__ == "__main__":
    main()
