"""Copies of all that a person keeps: what is in one, who may have it, and what becomes of it when things go wrong."""

from __future__ import annotations

import io
import json
import os
import re
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from config import tasks
from config.exports import archive, queue
from config.exports.contents import DOCUMENTS
from gallery.moderation import report
from gallery.publishing import withdraw_post
from generation.messages.wakeups import Task
from generation.models import AccountExport, DataSet, Lora, OwnStyle, Wildcard
from generation.storage import files
from tests.architecture.access_things import own_lora, running_run
from tests.conftest import PASSWORD
from tests.gallery.conftest import Finish, Publish, finish, publish, send_in, weights
from tests.generation.training.datasets.conftest import MakeDataSet, make_dataset

__all__ = ["finish", "make_dataset", "publish", "send_in", "weights"]

URL, FILE = "/account/export/", "/account/export/file"
State = AccountExport.State
HELD = {
    "account.EmailAddress": "account", "accounts.ApiToken": "tokens",
    "allauth_idp_oidc.Token": "programs", "allauth_idp_oidc.Client": "", "accounts.Wallet": "credits",
    "gallery.Decision": "decisions", "gallery.Post": "posts", "gallery.Release": "releases",
    "gallery.ReleaseDecision": "release_decisions", "gallery.Report": "reports", "generation.DataSet": "datasets",
    "generation.SourcePicture": "sources",
    "gallery.Comment": "comments", "gallery.CommentReport": "comment_reports",
    "gallery.CommentDecision": "comment_decisions",
    "gallery.Collection": "collections", "gallery.CollectedPost": "collections",
    "gallery.Collection_contributors": "",
    "gallery.Notification": "notifications",
    "gallery.Like": "likes", "gallery.Follow": "follows",
    "gallery.Appeal": "appeals", "gallery.Sanction": "sanctions", "gallery.ModerationAct": "moderation",
    "generation.Album": "albums", "generation.ShareLink": "links", "generation.SafeguardRecord": "safeguards",
    "generation.Draft": "account", "generation.GeneratedImage": "pictures", "generation.Job": "jobs",
    "generation.LabGrid": "grids", "generation.Lora": "loras", "generation.LoraMerge": "merges",
    "generation.TrainingRun": "trainings", "generation.TrainingSearch": "searches",
    "generation.OwnStyle": "styles", "generation.Wildcard": "wildcards",
    "generation.NamedPerson": "account", "generation.Webhook": "webhooks",
    "mfa.Authenticator": "second_factors", "usersessions.UserSession": "sessions",
    # What others keep about a person, or what says nothing of them.
    "accounts.User_groups": "account", "accounts.User_user_permissions": "", "admin.LogEntry": "",
    "generation.AccountExport": "", "generation.KeptAnswer": "", "generation.QueueShare": "",
    "gallery.Claim": "", "gallery.Notice": "",
    "generation.Lora_shared_with": "", "gallery.BlockedPicture": "", "generation.RuleVersion": "",
    # What is looked for among pictures, made of their recipes.
    "generation.PictureFacet": "", "generation.PictureLora": "",
    # Weight files of the site have no owner that the site gives them.
    "generation.Checkpoint": "", "generation.Embedding": "", "generation.Vae": "", "generation.ControlNet": "",
    "generation.Annotator": "", "generation.Upscaler": "",
}  # fmt: skip


def make(user: User) -> AccountExport:
    """A finished copy."""
    export = queue.ask_for_export(user)
    assert tasks.export_accounts() == 1
    export.refresh_from_db()
    return export


def opened(settings: Any, export: AccountExport) -> zipfile.ZipFile:
    return zipfile.ZipFile(Path(settings.EXPORTS_DIR) / export.file)


def listed(copy: zipfile.ZipFile, name: str) -> Any:
    return json.loads(copy.read(f"{name}.json"))


@async_to_sync
async def content(answer: Any) -> bytes:
    return b"".join([piece async for piece in answer.streaming_content])


def test_it_works(
    alices: Client, alice: User, bob: User, charlie: User, publish: Publish, make_dataset: MakeDataSet,
    wakeups_sent: list[Any], django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    post, data, lora, run = publish(alice), make_dataset(alice, 2), own_lora(alice, "e"), running_run(alice)
    Wildcard.objects.create(owner=alice, name="birds", lines="a crow")
    OwnStyle.objects.create(owner=alice, name="Soft ink", prompt="ink drawing of {prompt}")
    ApiToken.objects.create(user=alice, name="laptop")
    report(alice, publish(charlie, "Pear"), "other", "Look at it")
    withdraw_post(alice, post)
    with django_capture_on_commit_callbacks(execute=True):
        assert alices.post(URL).status_code == 302
    assert wakeups_sent == [(Task.EXPORT_ACCOUNTS,)]
    assert "waits its turn" in alices.get(URL).text and "A copy is being made." in alices.get("/account/").text
    assert tasks.export_accounts() == 1
    page = alices.get(URL).text
    assert "Your copy is ready" in page and FILE in page and "A copy is ready until" in alices.get("/account/").text
    assert mail.outbox[-1].to == [alice.email] and URL in mail.outbox[-1].body

    assert "/accounts/reauthenticate/" in alices.get(FILE)["Location"]
    alices.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answer = alices.get(FILE)
    assert answer["Cache-Control"] == "private, no-store" and "attachment" in answer["Content-Disposition"]
    copy = zipfile.ZipFile(io.BytesIO(content(answer)))
    assert copy.testzip() is None
    readme = copy.read("README.txt").decode()
    for name in copy.namelist():
        assert name == "README.txt" or name.split("/")[0] in readme, name
    assert {f"{document.name}.json" for document in DOCUMENTS} <= set(copy.namelist())
    [picture] = listed(copy, "pictures")
    assert post.image is not None and picture["prompt"] == "a red apple"
    assert copy.read(picture["files"][0]) == files.read(post.image.file)
    assert copy.read(f"loras/{lora.name}.safetensors") == b"weights"
    assert len([name for name in copy.namelist() if name.startswith(f"datasets/{data.code}/")]) == 2
    assert copy.read(f"trainings/{run.code}/500.safetensors") == b"weights"
    [told] = listed(copy, "posts")
    assert [(each["verb"], each["by"]) for each in told["decisions"]] == [
        ("publish", "you"), ("approve", "a moderator"), ("withdraw", "you"),
    ]  # fmt: skip
    assert listed(copy, "credits")[0]["amount"] == 1000
    assert listed(copy, "tokens")[0]["name"] == "laptop" and listed(copy, "wildcards")[0]["lines"] == "a crow"
    assert listed(copy, "styles")[0]["name"] == "Soft ink"
    assert listed(copy, "reports")[0]["words"] == "Look at it"
    assert listed(copy, "account")[0]["email"] == alice.email
    assert "Pear" not in copy.read("posts.json").decode()


def test_every_table_that_names_a_person_is_thought_of() -> None:
    """A new one gets its row in `contents.DOCUMENTS`, or a reason here why it has none."""
    naming = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model is User and not field.many_to_many
    }
    assert naming == set(HELD)
    assert set(HELD.values()) - {""} <= {document.name for document in DOCUMENTS}


def test_charlie_gets_404(alices: Client, charlies: Client, alice: User) -> None:
    make(alice)
    charlies.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert charlies.get(FILE).status_code == 404
    assert "Get a copy" in charlies.get(URL).text


def test_a_guest_is_sent_to_sign_in(client: Client, db: None) -> None:
    for answer in (client.get(URL), client.get(FILE)):
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]


def test_it_holds_nobody_elses_things(settings: Any, alice: User, charlie: User, finish: Finish) -> None:
    finish(alice, "a red apple")
    finish(charlie, "a secret pear")
    copy = opened(settings, make(alice))
    assert len([name for name in copy.namelist() if name.startswith("pictures/")]) == 1
    assert not any(b"secret pear" in copy.read(name) for name in copy.namelist())


def test_secrets_are_not_in_it(settings: Any, alice: User) -> None:
    ApiToken.objects.create(user=alice, name="laptop")
    copy = opened(settings, make(alice))
    everything = b"".join(copy.read(name) for name in copy.namelist())
    for secret in (alice.password, ApiToken.objects.get().digest):
        assert secret.encode() not in everything


def test_one_at_a_time_and_one_an_hour(alices: Client, alice: User) -> None:
    assert alices.post(URL).status_code == 302
    again = alices.post(URL)
    assert again.status_code == 409 and "is being made already" in again.text
    tasks.export_accounts()
    soon = alices.post(URL)
    assert soon.status_code == 429 and "once an hour" in soon.text
    AccountExport.objects.update(created_at=timezone.now() - queue.AGAIN_AFTER)
    assert alices.post(URL).status_code == 302


def test_a_new_copy_takes_the_place_of_the_last(settings: Any, alice: User) -> None:
    first = make(alice)
    AccountExport.objects.update(created_at=timezone.now() - queue.AGAIN_AFTER)
    second = make(alice)
    assert AccountExport.objects.get() == second
    assert first.code != second.code


def test_without_room_it_is_refused(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "has_room", lambda needed: needed < queue.SPARE_BYTES)
    answer = alices.post(URL)
    assert answer.status_code == 507 and "no room left" in answer.text
    assert not AccountExport.objects.exists()


def test_a_full_disk_fails_it_with_a_sentence(
    settings: Any, alices: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "write_list", full)
    export = queue.ask_for_export(alice)
    assert tasks.export_accounts() == 0
    export.refresh_from_db()
    assert export.state == State.FAILED
    assert "no room left" in alices.get(URL).text and list(Path(settings.EXPORTS_DIR).iterdir()) == []


def test_a_lost_file_is_named(settings: Any, alice: User, finish: Finish) -> None:
    there, lost = finish(alice), finish(alice)
    files.discard(lost.file)
    copy = opened(settings, make(alice))
    assert listed(copy, "missing") == [f"pictures/{lost.code}.png"]
    assert f"pictures/{there.code}.png" in copy.namelist()


def test_a_killed_workers_copy_is_begun_anew(
    settings: Any, alice: User, finish: Finish, wakeups_sent: list[Any]
) -> None:
    finish(alice)
    queue.ask_for_export(alice)
    lost = queue.claim_next()
    assert lost is not None and queue.claim_next() is None
    left = Path(settings.EXPORTS_DIR) / f".part-{lost.code}-{lost.attempt}.zip"
    left.write_bytes(b"half")
    AccountExport.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert tasks.recover_accounts() == {"exports_requeued": 1, "exports_announced": 1}
    assert wakeups_sent == [(Task.EXPORT_ACCOUNTS,)]
    assert tasks.export_accounts() == 1 and not left.exists()
    made = AccountExport.objects.get()
    assert (made.state, made.attempt, made.solo_crash_count) == (State.DONE, 2, 1)
    # The first one was not dead, only slow: what it brings late is not kept.
    assert not queue.finish_export(lost, "late.zip", 1)
    assert AccountExport.objects.get().file == made.file


def test_what_kills_its_workers_is_given_up(alices: Client, alice: User) -> None:
    queue.ask_for_export(alice)
    for _ in range(2):
        assert queue.claim_next() is not None
        AccountExport.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        queue.recover()
    assert AccountExport.objects.get().state == State.FAILED
    assert "could not be made" in alices.get(URL).text


def test_a_worker_stops_when_the_copy_is_not_wanted(
    settings: Any, alice: User, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "TOLD_EVERY", 0.0)
    finish(alice)
    monkeypatch.setattr(archive, "readme", lambda user, now: str(AccountExport.objects.all().delete()))
    queue.ask_for_export(alice)
    assert tasks.export_accounts() == 0
    assert list(Path(settings.EXPORTS_DIR).iterdir()) == [] and not mail.outbox


def test_its_days_end(settings: Any, alices: Client, alice: User, django_capture_on_commit_callbacks: Any) -> None:
    export = make(alice)
    orphan = Path(settings.EXPORTS_DIR) / ".part-nobody-1.zip"
    orphan.write_bytes(b"half")
    os.utime(orphan, (time.time() - 2 * 86400,) * 2)
    assert queue.prune() == 1 and (Path(settings.EXPORTS_DIR) / export.file).exists()
    AccountExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.prune_accounts()["exports"] == 1
    assert list(Path(settings.EXPORTS_DIR).iterdir()) == [] and not AccountExport.objects.exists()
    alices.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert alices.get(FILE).status_code == 404


def test_names_in_it_are_safe(settings: Any, alice: User, make_dataset: MakeDataSet) -> None:
    """No name that a person chose leads out of the folder that it is unpacked in."""
    DataSet.objects.filter(pk=make_dataset(alice, 1).pk).update(title="../../etc")
    Lora.objects.filter(pk=own_lora(alice, "e").pk).update(title="../x")
    for name in opened(settings, make(alice)).namelist():
        assert re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", name) and ".." not in name, name
