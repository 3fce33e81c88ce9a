"""Deleting a person in the admin: what goes, what stays, and that the ledger still adds up."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.credits import hold
from accounts.models import ApiToken, CreditEntry, User
from gallery.models import Post
from generation.jobs.albums import create_album
from generation.jobs.sharing import share
from generation.models import Album, DataSet, Draft, Job, KeptAnswer, ShareLink, TrainingRun
from generation.training.runs.controls import discard_run
from tests.conftest import PASSWORD, credits_of
from tests.gallery.conftest import Publish, finish, publish, send_in, weights
from tests.generation.training.conftest import MakeDataSet, QueueRun, dataset, make_dataset, queue_run, tiny

__all__ = ["dataset", "finish", "make_dataset", "publish", "queue_run", "send_in", "tiny", "weights"]


@pytest.fixture
def post(publish: Publish, alice: User) -> Post:
    return publish(alice)


@pytest.fixture
def waiting(alice: User) -> Job:
    job = Job.objects.create(
        owner=alice, submission="s", recipe_json="{}", prompt="", checkpoint_sha256="b" * 64, credits=4, work=1.0,
        virtual_start=0.0,
    )  # fmt: skip
    hold(alice, 4, reference=job.reference)
    return job


def delete(client: Client, callbacks: Any, *people: User) -> None:
    with callbacks(execute=True):
        if len(people) == 1:
            client.post(f"/admin/accounts/user/{people[0].pk}/delete/", {"post": "yes"})
        else:
            chosen = {"action": "delete_selected", "_selected_action": [person.pk for person in people], "post": "yes"}
            client.post("/admin/accounts/user/", chosen)


def test_it_works(
    admin_client: Client, alice: User, post: Post, waiting: Job, client: Client,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    ApiToken.objects.create(user=alice, name="script")
    page = admin_client.get(f"/admin/accounts/user/{alice.pk}/delete/").text
    assert "withdrawn from the gallery" in page and "The wallet and its ledger" in page
    delete(admin_client, django_capture_on_commit_callbacks, alice)
    gone = User.objects.get(pk=alice.pk)
    assert (gone.username, gone.email) == (f"deleted-{alice.code}", f"{alice.code}@deleted.invalid")
    assert not gone.is_active and not gone.has_usable_password()
    assert not EmailAddress.objects.filter(user=gone).exists() and not ApiToken.objects.filter(user=gone).exists()
    post.refresh_from_db()
    waiting.refresh_from_db()
    assert (post.state, waiting.state) == ("withdrawn", "cancelled")
    assert post.image is not None and post.image.deleted_at is not None
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert client.get("/account/").status_code == 302


def test_data_sets_trainings_and_drafts_go(
    admin_client: Client, alice: User, charlie: User, make_dataset: MakeDataSet, queue_run: QueueRun,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    before = credits_of(alice)
    waiting, ended = queue_run("one"), queue_run("two")
    discard_run(ended)
    for owner in (alice, charlie):
        Draft.objects.create(owner=owner, fields={"prompt": "mine"})
        KeptAnswer.objects.create(user=owner, key="k", fingerprint="f", created_at=timezone.now())
    others = make_dataset(charlie, 1)
    delete(admin_client, django_capture_on_commit_callbacks, alice)
    assert not TrainingRun.objects.filter(pk__in=[waiting.pk, ended.pk]).exists()
    assert DataSet.objects.get() == others
    assert (Draft.objects.get().owner, KeptAnswer.objects.get().user) == (charlie, charlie)
    assert credits_of(alice) == before


def test_the_ledger_stays_true(
    admin_client: Client, alice: User, waiting: Job, django_capture_on_commit_callbacks: Any
) -> None:
    delete(admin_client, django_capture_on_commit_callbacks, alice)
    assert credits_of(alice) == 1000
    assert set(CreditEntry.objects.values_list("kind", flat=True)) == {"grant", "hold", "release"}
    assert call_command("audit_credits").endswith("no drift.")


def test_several_can_be_chosen(
    admin_client: Client, bob: User, charlie: User, django_capture_on_commit_callbacks: Any
) -> None:
    delete(admin_client, django_capture_on_commit_callbacks, bob, charlie)
    assert User.objects.filter(is_active=False, username__startswith="deleted-").count() == 2
    assert not User.objects.get(pk=bob.pk).groups.exists()


def test_nobody_deletes_themselves(
    admin_client: Client, admin_user: User, charlie: User, django_capture_on_commit_callbacks: Any
) -> None:
    delete(admin_client, django_capture_on_commit_callbacks, admin_user)
    delete(admin_client, django_capture_on_commit_callbacks, admin_user, charlie)
    assert User.objects.filter(is_active=True).count() == 2


def test_a_name_may_be_taken_again(
    admin_client: Client, charlie: User, django_capture_on_commit_callbacks: Any
) -> None:
    delete(admin_client, django_capture_on_commit_callbacks, charlie)
    User.objects.create_user("charlie", charlie.email, PASSWORD)
    delete(admin_client, django_capture_on_commit_callbacks, User.objects.get(pk=charlie.pk))
    assert User.objects.filter(username="charlie", is_active=True).exists()


def test_the_form_says_what_becomes_of_posts(admin_client: Client, alice: User) -> None:
    page = admin_client.get(f"/admin/accounts/user/{alice.pk}/change/").text
    assert "Posts stay in the gallery, marked as a closed account" in page


def test_albums_and_links_go(
    admin_client: Client, alice: User, charlie: User, django_capture_on_commit_callbacks: Any
) -> None:
    for owner in (alice, charlie):
        share(owner, create_album(owner, "Mine"), 7)
    delete(admin_client, django_capture_on_commit_callbacks, alice)
    assert Album.objects.get().owner == charlie and ShareLink.objects.get().owner == charlie
