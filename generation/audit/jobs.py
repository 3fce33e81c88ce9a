"""Whether jobs, ledger, files and broker agree: a table of checks, each finding with what to do about it.

It only looks; a finding whose repair loses nothing carries it as `fix`. What recovers by itself is `upkeep`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Concat, Now, Substr

from accounts import budgets, credits
from accounts.models import ApiToken, CreditEntry, Wallet
from generation.audit.datasets import CHECKS as DATASET_CHECKS
from generation.audit.findings import Finding
from generation.audit.lab import CHECKS as LAB_CHECKS
from generation.audit.lab import remaking
from generation.audit.loras import CHECKS as LORA_CHECKS
from generation.audit.runs import CHECKS as RUN_CHECKS
from generation.jobs import lifecycle, svg, upkeep
from generation.messages import broker
from generation.models import GeneratedImage, GpuWorker, Job, TrainingRun
from generation.models.leases import RECOVERED_WITHIN, RESEND_AFTER
from generation.storage import files

Kind = CreditEntry.Kind
State = Job.State

HEARD_WITHIN = timedelta(seconds=10)
"""Between a worker's taking a wake-up and its claiming a job; and longer by far."""


def audit() -> Iterator[Finding]:
    """Everything that does not agree. Rows in use are read while they change: run it again before acting on a job."""
    for check in CHECKS:
        yield from check()


def entry_of(kind: Kind) -> Exists:
    """Whether the ledger has an entry of this kind for the job."""
    return Exists(CreditEntry.objects.filter(kind=kind, reference=Concat(Value("job:"), OuterRef("code"))))


def unpaid_jobs() -> Iterator[Finding]:
    for job in Job.objects.filter(~entry_of(Kind.HOLD)):
        yield Finding("job-without-hold", job.code, "Nobody pays for this job; cancel it if it has not ended.")


def unended_holds() -> Iterator[Finding]:
    """An ended job whose credits are still held: the ending and its entry are written together, so none is expected."""
    ended = entry_of(Kind.SETTLE) | entry_of(Kind.RELEASE)
    for job in Job.objects.filter(~Q(ended), entry_of(Kind.HOLD)).exclude(state__in=Job.UNFINISHED):
        yield Finding(
            "hold-never-ended", job.code, f"The job is {job.state}; end its hold the same way.", ending_of(job)
        )


def ending_of(job: Job) -> Callable[[], object]:
    if job.state == State.DONE:
        return partial(credits.settle, job.reference, job.credits, note="Audit: settled")
    return partial(lifecycle.give_back, job, "Audit: released")


def wrong_endings() -> Iterator[Finding]:
    """Charged without a picture, a picture for nothing, or credits back while the job still goes on."""
    settled, released = Q(entry_of(Kind.SETTLE)), Q(entry_of(Kind.RELEASE))
    wrong = (
        Q(state=State.DONE) & released
        | Q(state__in=[State.FAILED, State.CANCELLED]) & settled
        | Q(state__in=Job.UNFINISHED) & (settled | released)
    )
    for job in Job.objects.filter(wrong):
        yield Finding("wrong-ending", job.code, f"The job is {job.state}, the ledger says otherwise; decide by hand.")


def ownerless_holds() -> Iterator[Finding]:
    job = Job.objects.filter(code=OuterRef("code"))
    ended = CreditEntry.objects.filter(reference=OuterRef("reference"), kind__in=[Kind.SETTLE, Kind.RELEASE])
    holds = CreditEntry.objects.filter(kind=Kind.HOLD, reference__startswith="job:").filter(~Exists(ended))
    for entry in holds.annotate(code=Substr("reference", len("job:") + 1)).filter(~Exists(job)):
        yield Finding(
            "hold-without-job",
            entry.reference,
            "Credits are held for a job that is not there; give them back.",
            partial(credits.release, entry.reference, note="Audit: no such job"),
        )


def drifted_wallets() -> Iterator[Finding]:
    added = Wallet.objects.annotate(entered=Coalesce(Sum("entries__amount"), 0)).exclude(entered=F("balance"))
    for wallet in added.select_related("user"):
        yield Finding(
            "wallet-drift", str(wallet.user), f"Balance {wallet.balance}, entries add up to {wallet.entered}."
        )


def jobs_and_images() -> Iterator[Finding]:
    for job in Job.objects.filter(state=State.DONE, image=None):
        yield Finding("done-without-image", job.code, "Charged, but there is no picture; give the credits by hand.")
    for image in GeneratedImage.objects.filter(job__isnull=False).exclude(job__state=State.DONE):
        yield Finding("image-of-unfinished-job", image.code, "The picture is there, its job is not done.")


def missing_files() -> Iterator[Finding]:
    for image in GeneratedImage.objects.exclude(file="").select_related("grid").iterator():
        for name in filter(None, (image.file, image.thumbnail, image.svg_file)):
            if not files.is_there(name):
                yield missing_file(image, name)


def missing_file(image: GeneratedImage, name: str) -> Finding:
    if again := remaking(image, name):
        return Finding("grid-file-missing", name, "All of the grid's cells are there; have it made again.", again)
    return Finding("file-missing", name, f"Restore it from a backup, or delete picture {image.code}.")


def orphan_files() -> Iterator[Finding]:
    for name in upkeep.orphans():
        yield Finding("orphan-file", name, "No picture uses this file; remove it.", partial(files.discard, name))


def unrecovered_jobs() -> Iterator[Finding]:
    """What upkeep should have put right by now. Its repair is to run upkeep once; its cure is to start beat."""
    for job in Job.objects.running().expired(RECOVERED_WITHIN):
        yield Finding("lease-long-expired", job.code, "Upkeep does not run: start beat.", upkeep.requeue_expired_leases)
    silent = Job.objects.queued().unannounced(RECOVERED_WITHIN)
    for job in silent.exclude(announced_at=None, created_at__gte=Now() - RECOVERED_WITHIN):
        yield Finding("job-unannounced", job.code, "Upkeep does not run: start beat.", upkeep.resend_unannounced_jobs)


def wrong_budgets() -> Iterator[Finding]:
    """What a token has spent is what the ledger took for its pictures and trainings and did not give back."""
    for token in ApiToken.objects.select_related("user"):
        paid = -sum(entries_of(Job, "job:", token)) - sum(entries_of(TrainingRun, "run:", token))
        if paid != token.spent:
            advice = f"It has spent {token.spent} credits, the ledger says {paid}; set `spent` to that."
            yield Finding("token-drift", str(token), advice, partial(budgets.set_spent, token, paid))


def entries_of(model: type[Job | TrainingRun], prefix: str, token: ApiToken) -> QuerySet[CreditEntry, int]:
    """The amounts of the ledger's entries for the rows that this token asked for."""
    mine = model.objects.filter(token=token).values_list(Concat(Value(prefix), "code"))
    return CreditEntry.objects.filter(reference__in=mine).values_list("amount", flat=True)


def stuck_tracings() -> Iterator[Finding]:
    for image in svg.waiting().kept().not_leased().unannounced(RECOVERED_WITHIN):
        yield Finding("tracing-stuck", image.code, "Upkeep does not run: start beat.", svg.recover)


def lost_wakeups() -> Iterator[Finding]:
    """Pictures wait, a worker lives and is idle, and no message is left that would wake it."""
    slots = sum(GpuWorker.objects.alive().values_list("slots", flat=True))
    # What was announced longer ago is announced again by upkeep.
    heard = Job.objects.queued().filter(announced_at__range=(Now() - RESEND_AFTER, Now() - HEARD_WITHIN))
    if slots and heard.exists() and not Job.objects.running().exists() and broker.waiting_wakeups() == 0:
        resend = partial(upkeep.wake_for, slots)
        yield Finding("wakeups-lost", "broker", "Pictures wait beside an idle worker; wake it.", resend)


def silent_broker() -> Iterator[Finding]:
    if fault := broker.fault():
        yield Finding("broker-away", "broker", f"No worker can be woken until it is back: {fault}")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    unpaid_jobs,
    unended_holds,
    wrong_endings,
    ownerless_holds,
    drifted_wallets,
    jobs_and_images,
    missing_files,
    orphan_files,
    unrecovered_jobs,
    wrong_budgets,
    stuck_tracings,
    *RUN_CHECKS,
    *LAB_CHECKS,
    *LORA_CHECKS,
    *DATASET_CHECKS,
    lost_wakeups,
    silent_broker,
)
