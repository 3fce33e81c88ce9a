"""The operator's page: what it shows and to whom; pausing, announcing and draining, each in the history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from generation.jobs.lifecycle import fail_job
from generation.jobs.pausing import drain
from generation.jobs.queueing import claim_next, heartbeat, wait_of
from generation.messages.wakeups import Task
from generation.models import GeneratedImage, GpuWorker, Job, SiteState
from generation.training.runs.queueing import claim_next_run
from tests.conftest import credits_of
from tests.generation.conftest import Queue, add_worker

PAGE = "/admin/generation/sitestate/"
SAVE = f"{PAGE}save/"
NOTHING = {"pause_reason": "", "notice": "", "notice_until": ""}
Draw = Callable[..., GeneratedImage]


@pytest.fixture
def busy(alice: User, charlie: User, queue: Queue, draw: Draw) -> Job:
    """A site that has drawn, has failed, draws and has people waiting; the job that is drawn."""
    draw(alice)
    GeneratedImage.objects.update(render_seconds=12)
    worker = add_worker("gpu-1", device="cuda:0", slots=8, running=1)
    queue(charlie, count=4)
    failing = claim_next(worker.name)
    assert failing is not None
    fail_job(failing, "weights-missing", "Gone.")
    held = claim_next(worker.name)
    assert held is not None
    return held


def test_it_shows_how_the_site_does(admin_client: Client, busy: Job) -> None:
    page = admin_client.get(PAGE).text
    for words in ("gpu-1", "cuda:0", "1 of 8", busy.code, "weights-missing", "charlie", "Takes work"):
        assert words in page
    people = page.split("people-title")[2]
    assert "alice" in people and "<td>12</td>" in people


def test_it_takes_as_many_queries_however_much_there_is(
    admin_client: Client, busy: Job, charlie: User, queue: Queue, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        add_worker(f"more-{number}")
    queue(charlie, count=5)
    for _ in range(3):
        claim_next("more-1")
    admin_client.get(PAGE)
    with django_assert_max_num_queries(20):
        admin_client.get(PAGE)


def test_an_empty_site(admin_client: Client) -> None:
    page = admin_client.get(PAGE).text
    assert "No worker is at work" in page and "No picture waits." in page


def test_who_may(client: Client, bob: User, alice: User) -> None:
    """Staff with the permission look; with the other they change. A moderator does neither."""
    worker = add_worker("gpu-1")
    addresses = [SAVE, reverse("admin:operations_drain", args=[worker.pk])]
    client.force_login(bob)
    assert client.get(PAGE).status_code == 403
    bob.user_permissions.add(Permission.objects.get(codename="view_sitestate"))
    page = client.get(PAGE)
    assert page.status_code == 200 and "<form" not in page.text.split('id="content"')[1]
    assert {client.post(address, {"drain": "1"}).status_code for address in addresses} == {403}
    bob.user_permissions.add(Permission.objects.get(codename="change_sitestate"))
    assert {client.post(address, {**NOTHING, "drain": "1"}).status_code for address in addresses} == {302}
    client.force_login(alice)
    assert client.get(PAGE)["Location"].startswith("/admin/login/")


def test_while_paused_nothing_begins_and_people_are_told(
    admin_client: Client, alice: User, alices: Client, queue: Queue, wakeups_sent: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    add_worker("w", slots=4)
    admin_client.post(SAVE, {**NOTHING, "is_paused": "on", "pause_reason": "New disks until noon."})
    (job,) = queue(alice)
    assert job.state == "queued" and credits_of(alice) == 1000 - job.credits
    assert claim_next("w") is None and claim_next_run("w") is None
    sentence = "Drawing is paused: New disks until noon."
    assert sentence in alices.get("/create/").text and sentence in alices.get("/status/").text
    wait = wait_of(job)
    assert wait is not None and (wait.reason, wait.seconds) == (sentence, None)
    wakeups_sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(SAVE, NOTHING)
    assert [sent[0] for sent in wakeups_sent] == [Task.RUN_NEXT_JOB, Task.RUN_NEXT_TRAINING, Task.MERGE_LORAS]
    assert "paused" not in alices.get("/create/").text
    assert claim_next("w") == job
    said = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert said == [
        "Drawing is paused: yes; Pause reason: New disks until noon.", "Drawing is paused: no; Pause reason: –",
    ]  # fmt: skip
    assert "New disks until noon." in admin_client.get(f"{PAGE}1/history/").text


def test_an_announcement_stands_on_every_page_until_it_is_over(
    admin_client: Client, client: Client, alices: Client, settings: Any
) -> None:
    until = timezone.now() + timedelta(hours=1)
    words = "<b>Away</b> on Sunday from 8 to 9."
    admin_client.post(SAVE, {**NOTHING, "notice": words, "notice_until": until.strftime("%Y-%m-%dT%H:%M")})
    shown = "&lt;b&gt;Away&lt;/b&gt; on Sunday"
    for browser, address in (
        (client, "/"), (client, "/gallery/"), (client, "/accounts/login/"), (alices, "/create/"),
        (alices, "/nowhere"), (admin_client, "/admin/"),
    ):  # fmt: skip
        assert shown in browser.get(address).text, address
    SiteState.objects.update(notice_until=timezone.now() - timedelta(seconds=1))
    SiteState.objects.forget()
    assert "on Sunday" not in client.get("/").text


def test_what_is_over_already_is_refused(admin_client: Client) -> None:
    page = admin_client.post(SAVE, {**NOTHING, "notice": "Away.", "notice_until": "2020-01-01T08:00"})
    assert "That is over already." in page.text and "Away." in page.text
    assert not SiteState.objects.exists() and not LogEntry.objects.exists()


def test_pages_ask_for_it_now_and_then(client: Client, db: None, django_assert_max_num_queries: Any) -> None:
    client.get("/verify/")
    with django_assert_max_num_queries(0):
        client.get("/verify/")


def test_a_drained_worker_claims_nothing_and_others_go_on(
    admin_client: Client, alice: User, queue: Queue, wakeups_sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    worker, other = add_worker("gpu-1"), add_worker("gpu-2")
    jobs = queue(alice, count=2)
    held = claim_next(worker.name)
    assert held is not None
    GpuWorker.objects.filter(pk=worker.pk).update(running=1)
    address = reverse("admin:operations_drain", args=[worker.pk])
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(address, {"drain": "1"})
    assert wakeups_sent
    assert claim_next(worker.name) is None
    assert heartbeat(worker, [held]) == {(held.pk, held.attempt)} and worker.is_draining
    assert "Drains: it ends what it has" in admin_client.get(PAGE).text
    assert claim_next(other.name) is not None
    assert list(GpuWorker.objects.at_work()) == [other]
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(state="done")
    GpuWorker.objects.filter(pk=worker.pk).update(running=0)
    assert "Drained: it can be stopped" in admin_client.get(PAGE).text
    admin_client.post(address, {"drain": "0"})
    worker.refresh_from_db()
    assert not worker.is_draining
    told = list(LogEntry.objects.order_by("pk").values_list("object_repr", "change_message"))
    assert told == [
        ("gpu-1", "Drained: it ends what it has and takes nothing more."), ("gpu-1", "It takes work again."),
    ]  # fmt: skip
    assert not drain(worker, False), "told once, it is not told again"


def test_there_is_one_state(admin_client: Client) -> None:
    assert admin_client.get(f"{PAGE}add/").status_code == 403
    assert admin_client.get(f"{PAGE}1/change/")["Location"] == PAGE
    assert admin_client.get(SAVE).status_code == 405
