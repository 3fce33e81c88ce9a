"""The list of reasons that moderators choose from."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from gallery.models import ManagedReason, reasons_for
from gallery.moderation import reject
from tests.gallery.conftest import Publish

pytestmark = pytest.mark.usefixtures("first_reasons")


def test_it_works(bobs: Client, admin_client: Client, alice: User, send_in: Publish) -> None:
    send_in(alice)
    assert "This gallery does not show sexual content." in reasons_for("post")
    add = reverse("admin:gallery_managedreason_add")
    fields = {"subject": "post", "sentence": "It is <upside> down.", "ground": "", "place": "1", "is_active": "on"}
    assert admin_client.post(add, fields).status_code == 302
    page = bobs.get(reverse("admin:gallery_post_changelist")).text
    assert "It is &lt;upside&gt; down." in page and "The samples do not show" not in page
    assert bobs.get(add).status_code == 403, "moderators choose; who runs the site writes them"


def test_own_reasons_stand_before_those_for_anything_and_idle_ones_nowhere(db: None) -> None:
    ManagedReason.objects.filter(sentence__startswith="It copies").update(is_active=False)
    listed = reasons_for("release")
    assert (
        listed[0] == "The samples do not show what it does." and listed[-1] == "It is illegal where this site is run."
    )
    assert not any("copies" in sentence for sentence in listed)


def test_what_was_decided_keeps_its_words(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    reject(bob, post, reasons_for("post")[0])
    ManagedReason.objects.all().delete()
    post.refresh_from_db()
    assert post.told_reason == "This gallery does not show sexual content."
