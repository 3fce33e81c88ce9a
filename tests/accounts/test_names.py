"""Names that look like another's are refused at every door: sign-up, admin, shell."""

from __future__ import annotations

import importlib
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from accounts.names import check_name, skeleton
from tests.conftest import PASSWORD, join

PERSON = {"email": "dora@example.org", "password1": "a long enough password"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("mаker", "mixed-alphabets"),  # Cyrillic а
        ("alicе", "mixed-alphabets"),
        ("αlice", "mixed-alphabets"),
        ("ａｌｉｃｅ", "not-plain"),
        ("ﬁona", "not-plain"),
        ("alice²", "not-plain"),
        ("alice١", "not-plain"),
        ("..", "dots"),
        (".", "dots"),
        ("a..b", "dots"),
        (".alice", "dots"),
        ("alice.", "dots"),
        ("alice@example.org", "not-a-name"),
        ("___", "not-a-name"),
    ],
)
def test_refused(name: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_name(name)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    "name", ["dora", "Müller", "d.ora-2", "_dora_", "привет", "名前なまえ", "김철수", "ωμέγα", "42"]
)
def test_taken(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "Alice"), ("alice", "aIice"), ("alice", "a1ice"), ("coco", "сосо"), ("maker", "rnaker"),
        ("bob", "b0b"), ("ada", "αdα"), ("straße", "STRASSE"),
    ],
)  # fmt: skip
def test_look_alike(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("alice", "alicia"), ("bob", "rob"), ("ann", "ann2"), ("a.b", "a-b")])
def test_do_not_look_alike(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize("name", ["AlIce", "a1ice", "аӏісе", "mаker", "ａｌｉｃｅ", "d..ora"])
def test_at_sign_up(client: Client, alice: User, name: str) -> None:
    answer = client.post("/accounts/signup/", {**PERSON, "username": name})
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {"username"}
    assert User.objects.count() == 1


def test_in_the_admin(admin_client: Client, alice: User) -> None:
    form = {"username": "a1ice", "email": "other@example.org", "plan": alice.plan_id, "password1": PASSWORD}
    answer = admin_client.post("/admin/accounts/user/add/", {**form, "password2": PASSWORD, "usable_password": "true"})
    assert "looks like one that is" in answer.text
    assert not User.objects.filter(username="a1ice").exists()


def test_at_the_shell(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    for name, reason in (("a1ice", "looks like one"), ("mаker", "one alphabet")):
        with pytest.raises(CommandError, match=reason):
            call_command("createsuperuser", username=name, email="op@example.org", interactive=False, stderr=StringIO())


def test_the_database_refuses_them_too(alice: User) -> None:
    """Two who sign up at once pass the form's look."""
    with pytest.raises(IntegrityError), transaction.atomic():
        join("AIice")


def test_a_name_that_is_changed(alice: User) -> None:
    alice.username = "anna"
    alice.save(update_fields=["username"])
    assert User.objects.get().skeleton == "anna"
    alice.full_clean()


def test_people_who_looked_alike_before(alice: User, charlie: User) -> None:
    User.objects.filter(pk=charlie.pk).update(username="Alice")
    importlib.import_module("accounts.migrations.0005_look_alike_names").fill(apps, None)
    assert sorted(User.objects.values_list("skeleton", flat=True)) == ["allce", f"allce@{charlie.pk}"]


def test_two_at_once_are_no_error_of_ours(client: Client, alice: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(type(User.objects), "check_free", lambda *args, **more: None)
    answer = client.post("/accounts/signup/", {**PERSON, "username": "a1ice"})
    assert answer.status_code == 409
