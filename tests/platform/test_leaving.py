"""A person deletes their own account: what goes at once, how it is taken back, and what is left of it in the end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as site
from django.contrib.admin.models import CHANGE, LogEntry
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.closing import close_account, close_for_now
from accounts.credits import hold
from accounts.models import ApiToken, CreditEntry, User
from accounts.refusals import Conflict
from config import deletion, tasks
from gallery.models import Decision, Post
from gallery.moderation import approve, reject, report
from generation.jobs.deletion import ERASED
from generation.models import (
    AccountExport,
    DataSet,
    GeneratedImage,
    Job,
    LabGrid,
    Lora,
    RuleVersion,
    SafeguardRecord,
    TrainingRun,
    Wildcard,
)
from generation.storage import files
from tests.architecture.access_things import own_lora, release, running_run
from tests.conftest import PASSWORD, credits_of, join
from tests.gallery.conftest import Finish, Publish, finish, publish, send_in, weights
from tests.generation.training.datasets.conftest import MakeDataSet, make_dataset
from tests.platform.test_deletion import waiting

__all__ = ["finish", "make_dataset", "publish", "send_in", "waiting", "weights"]

URL, BACK = "/account/delete/", "/account/take-back/"


@pytest.fixture
def sure(alices: Client) -> Client:
    """Alice, who has just shown that it is her."""
    alices.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return alices


def sign_in(client: Client, name: str = "alice") -> Any:
    return client.post("/accounts/login/", {"login": name, "password": PASSWORD})


def due(user: User) -> User:
    """Their days are over."""
    User.objects.filter(pk=user.pk).update(deletion_due_at=timezone.now() - timedelta(seconds=1))
    user.refresh_from_db()
    return user


def test_it_works(
    sure: Client, alice: User, charlies: Client, charlie: User, publish: Publish, send_in: Publish, finish: Finish,
    waiting: Job, make_dataset: MakeDataSet,
) -> None:  # fmt: skip
    public, pending, data = publish(alice), send_in(alice), make_dataset(alice, 1)
    offered, shared = release(alice, own_lora(alice, "e"), finish(alice), "approved"), own_lora(alice, "f")
    shared.shared_with.add(charlie)
    ApiToken.objects.create(user=alice, name="laptop")
    page = sure.get(URL).text
    assert "14 days" in page and "The ledger of your credits" in page and "Delete my account" in page
    answer = sure.post(URL, follow=True)
    assert "Your account is closed" in answer.text
    assert mail.outbox[-1].to == [alice.email] and "/accounts/login/" in mail.outbox[-1].body
    assert sure.get("/account/").status_code == 302
    for post in (public, pending):
        post.refresh_from_db()
        assert post.state == "withdrawn" and post.last_decision.verb == "withdraw" and post.last_decision.who == alice
        assert charlies.get(f"/gallery/{post.code}/thumbnail").status_code == 404
    assert charlies.get("/by/alice/").status_code == 404
    offered.refresh_from_db()
    assert offered.state == "withdrawn" and not Lora.objects.usable_by(charlie).filter(owner=alice).exists()
    waiting.refresh_from_db()
    assert waiting.state == "cancelled" and credits_of(alice) == 1000
    assert not ApiToken.objects.exists()
    # All that is only theirs is still there, for who takes it back.
    assert DataSet.objects.filter(pk=data.pk).exists() and GeneratedImage.objects.of(alice).kept().count() == 3
    assert tasks.prune_accounts()["people"] == 0


def test_what_a_rule_refused_is_forgotten_but_that_it_held(sure: Client, alice: User, charlie: User) -> None:
    version = RuleVersion.objects.create(rule="clay", number=1, content={})
    for user in (alice, charlie):
        SafeguardRecord.objects.create(
            user=user, version=version, effect="block", field="prompt", words=["clay"], text="a pot of clay for Dora"
        )
    page = sure.get(URL).text
    assert "The texts that a rule of the site refused or noted" in page and "Which rule of the site held when" in page
    sure.post(URL)
    kept = SafeguardRecord.objects.get(user=alice)
    assert kept.text == "a pot of clay for Dora", "who takes the account back has lost nothing"
    due(alice)
    assert tasks.prune_accounts()["people"] == 1
    after = SafeguardRecord.objects.get(user=alice)
    assert (after.text, after.words, after.effect, after.field) == ("", ["clay"], "block", "prompt")
    assert (after.version, after.at) == (version, kept.at)
    assert SafeguardRecord.objects.get(user=charlie).text == "a pot of clay for Dora"


def test_it_is_asked_of_who_shows_that_it_is_theirs(alices: Client, alice: User) -> None:
    for answer in (alices.get(URL), alices.post(URL)):
        assert answer.status_code == 302 and "/accounts/reauthenticate/" in answer["Location"]
    alice.refresh_from_db()
    assert alice.is_active


def test_it_is_taken_back_by_signing_in(sure: Client, client: Client, alice: User, finish: Finish) -> None:
    image = finish(alice)
    sure.post(URL)
    led = sign_in(client)
    assert led["Location"] == BACK
    asked = client.get(BACK)
    assert "Take your account back?" in asked.text and "alice" in asked.text
    assert client.get("/account/").status_code == 302  # asked, and not signed in
    assert client.post(BACK)["Location"] == "/accounts/login/"
    alice.refresh_from_db()
    assert alice.is_active and alice.deletion_due_at is None
    sign_in(client)
    assert client.get(f"/images/{image.code}/thumbnail").status_code == 200
    assert client.get(BACK).status_code == 404
    # A session of before is not, or whoever left it open would be in again.
    assert sure.get("/account/").status_code == 302


def test_nobody_else_takes_it_back(sure: Client, client: Client, charlies: Client, alice: User) -> None:
    sure.post(URL)
    client.post("/accounts/login/", {"login": "alice", "password": "not the password"})
    for other in (client, charlies, sure):
        assert other.get(BACK).status_code == 404 and other.post(BACK).status_code == 404
    alice.refresh_from_db()
    assert not alice.is_active


def test_the_proof_counts_for_minutes(sure: Client, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sure.post(URL)
    monkeypatch.setattr("accounts.adapters.TAKE_BACK_SECONDS", -1)
    sign_in(client)
    assert client.post(BACK).status_code == 404


def assert_switched_off(answer: Any) -> None:
    assert answer.status_code == 403 and "This account is switched off" in answer.text


def test_after_its_days_it_cannot_be_taken_back(sure: Client, client: Client, alice: User) -> None:
    sure.post(URL)
    sign_in(client)
    due(alice)
    assert "cannot be taken back" in client.post(BACK, follow=True).text
    assert_switched_off(sign_in(Client()))


def test_an_account_that_was_switched_off_is_not_taken_back(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert_switched_off(sign_in(client))


def test_the_last_administrator_stays(admin_user: User, sure: Client) -> None:
    with pytest.raises(Conflict, match="last administrator"):
        deletion.leave(admin_user)
    admin_user.refresh_from_db()
    assert admin_user.is_active
    second = join("dora", is_superuser=True, is_staff=True)
    deletion.leave(second)
    with pytest.raises(Conflict):
        deletion.leave(admin_user)


def test_the_page_tells_the_last_administrator(admin_user: User) -> None:
    client = Client()
    client.force_login(admin_user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.post("/accounts/reauthenticate/", {"password": "password"})
    answer = client.post(URL)
    assert answer.status_code == 409 and "Make somebody else one first" in answer.text


def test_no_moderator_makes_public_what_left(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    reject(bob, post, "Not yet.")
    deletion.leave(alice)
    post.refresh_from_db()
    with pytest.raises(Conflict, match="closed their account"):
        approve(bob, post)


def test_twice_is_once(alice: User) -> None:
    deletion.leave(alice)
    before = alice.deletion_due_at
    with pytest.raises(Conflict, match="closed already"):
        deletion.leave(alice)
    alice.refresh_from_db()
    assert alice.deletion_due_at == before


def leave_much(alice: User, bob: User, charlie: User, publish: Publish, make_dataset: MakeDataSet) -> Post:
    """Alice has one of everything, and her days are over."""
    post = publish(alice, tags=("fruit",))
    make_dataset(alice, 1)
    own_lora(alice, "e")
    TrainingRun.objects.filter(pk=running_run(alice).pk).update(state="done")
    Wildcard.objects.create(owner=alice, name="birds", lines="a crow")
    LabGrid.objects.create(owner=alice, plan_json={}, prompt="a red apple", submission="g", credits=0, state="done")
    report(alice, publish(charlie), "other", "Alice says this")
    LogEntry.objects.log_actions(bob.pk, [alice], CHANGE, single_object=True)
    AccountExport.objects.create(owner=alice)
    deletion.leave(alice)
    due(alice)
    return post


def test_in_the_end_nothing_is_left_but_what_must_be(
    alice: User, bob: User, charlie: User, publish: Publish, make_dataset: MakeDataSet,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    hold(alice, 4, reference="job:x")
    post = leave_much(alice, bob, charlie, publish, make_dataset)
    entries = CreditEntry.objects.filter(wallet__user=alice).count()
    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.prune_accounts()["people"] == 1
    gone = User.objects.get(pk=alice.pk)
    assert (gone.username, gone.email, gone.deletion_due_at) == (
        f"deleted-{alice.code}", f"{alice.code}@deleted.invalid", None,
    )  # fmt: skip
    assert not EmailAddress.objects.filter(user=gone).exists()
    assert not deletion.is_left(gone) and not Wildcard.objects.exists() and not AccountExport.objects.exists()
    image = GeneratedImage.objects.get(owner=gone)
    assert (image.file, image.thumbnail, image.infotext, image.prompt) == ("", "", "", ERASED)
    assert set(Job.objects.of(gone).values_list("prompt", flat=True)) == {ERASED}
    assert LabGrid.objects.get().prompt == ERASED and image.recipe.prompt == ERASED
    post.refresh_from_db()
    assert (post.title, post.search_words, post.state, post.tags.count()) == ("Deleted", "", "withdrawn", 0)
    assert set(post.decisions.values_list("verb", flat=True)) == {"publish", "approve", "withdraw"}
    assert CreditEntry.objects.filter(wallet__user=gone).count() == entries
    assert call_command("audit_credits").endswith("no drift.")
    left = [path for path in Path(site.MEDIA_ROOT).rglob("*") if path.is_file()]
    kept = {name for each in GeneratedImage.objects.exclude(file="") for name in (each.file, each.thumbnail)}
    assert {path.relative_to(site.MEDIA_ROOT).as_posix() for path in left} == kept
    assert not any((Path(site.WEIGHTS_DIRS[0]) / "uploads").iterdir())
    everything = str([list(model.objects.values()) for model in (User, Job, GeneratedImage, LabGrid, Post, LogEntry)])
    for word in ("alice@", "'alice'", "Alice says this", "fruit"):
        assert word not in everything


def test_a_deletion_that_is_killed_goes_on(
    alice: User, bob: User, charlie: User, publish: Publish, make_dataset: MakeDataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_much(alice, bob, charlie, publish, make_dataset)

    class Killed(BaseException):
        pass

    def die(*args: object) -> None:
        raise Killed

    for step in ("take_from_view", "erase_pictures", "delete_dataset", "delete_lora", "is_left"):
        with monkeypatch.context() as broken:
            broken.setattr(deletion, step, die)
            with pytest.raises(Killed):
                tasks.prune_accounts()
    assert tasks.prune_accounts()["people"] == 1
    assert tasks.prune_accounts()["people"] == 0
    assert not DataSet.objects.exists() and not Lora.objects.filter(owner=alice).exists()


def test_work_that_a_dead_web_server_left_is_stopped(alice: User, waiting: Job) -> None:
    close_for_now(alice, timezone.now() + timedelta(days=14))
    tasks.recover_accounts()
    waiting.refresh_from_db()
    assert waiting.state == "cancelled" and credits_of(alice) == 1000


def test_what_somebody_still_uses_goes_with_a_later_round(
    alice: User, make_dataset: MakeDataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_dataset(alice, 1)

    def in_use(dataset: DataSet) -> None:
        raise Conflict("dataset-in-use", "A training is using these pictures.")

    deletion.leave(alice)
    due(alice)
    with monkeypatch.context() as busy:
        busy.setattr(deletion, "delete_dataset", in_use)
        assert tasks.prune_accounts()["people"] == 0
    assert DataSet.objects.filter(pk=data.pk).exists()
    assert tasks.prune_accounts()["people"] == 1 and not DataSet.objects.exists()


def test_one_that_breaks_does_not_keep_the_others(alice: User, charlie: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for person in (alice, charlie):
        deletion.leave(person)
        due(person)

    def broken(user: User) -> None:
        if user.pk == alice.pk:
            raise OSError("The disk is broken.")

    with monkeypatch.context() as storage:
        storage.setattr(deletion, "erase_pictures", broken)
        assert tasks.prune_accounts()["people"] == 1
    assert tasks.prune_accounts()["people"] == 1


def test_an_administrator_may_open_it_again(admin_client: Client, alice: User) -> None:
    deletion.leave(alice)
    url = f"/admin/accounts/user/{alice.pk}/change/"
    page = admin_client.get(url)
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", [], False)}
    sent |= {"is_active": "on", "date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
    answer = admin_client.post(url, {**sent, "last_login_0": "", "last_login_1": ""})
    assert answer.status_code == 302, answer.context["errors"]
    alice.refresh_from_db()
    assert alice.is_active and alice.deletion_due_at is None


def test_an_administrators_deletion_goes_on_too(alice: User, make_dataset: MakeDataSet) -> None:
    """Killed after the account was closed and before anything was taken away."""
    make_dataset(alice, 1)
    close_account(alice)
    assert tasks.prune_accounts()["people"] == 1
    assert not DataSet.objects.exists()


def test_many_posts_take_few_statements(alice: User, send_in: Publish, django_assert_max_num_queries: Any) -> None:
    posts = [send_in(alice) for _ in range(8)]
    with django_assert_max_num_queries(45):
        deletion.leave(alice)
    assert Decision.objects.filter(verb="withdraw").count() == len(posts)
    assert files.is_there(GeneratedImage.objects.of(alice)[0].file)
