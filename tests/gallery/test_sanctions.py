"""Strikes that expire, suspensions for a time, bans that two confirm, and what each stops."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import ApiToken, User
from accounts.refusals import Conflict, NotAllowed, Refusal
from gallery.models import ModerationAct, Sanction
from gallery.publishing import publish_image
from gallery.sanctions import ban, confirm_ban, lift, refuse_ban, strike, strikes_of, suspend
from tests.gallery.conftest import Finish


def test_a_strike_counts_until_it_expires(alice: User, bob: User) -> None:
    made = strike(bob, alice, "Too  rude.")
    assert strikes_of(alice) == 1 and made.reason == "Too rude."
    assert mail.outbox[-1].to == [alice.email] and "/appeals/by-mail/" in mail.outbox[-1].body
    Sanction.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert strikes_of(alice) == 0
    assert [act.verb for act in ModerationAct.objects.all()] == ["strike"]


def test_who_is_suspended_publishes_nothing_until_it_ends(alice: User, bob: User, finish: Finish) -> None:
    suspend(bob, alice, "Spam.", 7)
    with pytest.raises(NotAllowed, match="suspended until .* Spam."):
        publish_image(alice, finish(alice), "Apple")
    Sanction.objects.update(ends_at=timezone.now())
    assert publish_image(alice, finish(alice), "Apple").state == "pending"
    with pytest.raises(Refusal):
        suspend(bob, alice, "Spam.", 8)


def test_a_ban_takes_two(alices: Client, alice: User, bob: User, dora: User) -> None:
    ApiToken.objects.create(user=alice, name="laptop")
    proposed = ban(bob, alice, "Again and again.")
    alice.refresh_from_db()
    assert proposed.state == "proposed" and alice.is_active
    with pytest.raises(NotAllowed) as refused:
        confirm_ban(bob, proposed)
    assert refused.value.code == "same-person"
    confirm_ban(dora, proposed)
    alice.refresh_from_db()
    assert proposed.state == "active" and not alice.is_active and not ApiToken.objects.exists()
    assert alices.get("/account/").status_code == 302
    with pytest.raises(Conflict):
        confirm_ban(dora, proposed)
    with pytest.raises(Conflict):
        ban(dora, alice, "Once more.")
    lift(dora, proposed, "Enough.")
    alice.refresh_from_db()
    assert alice.is_active and proposed.state == "lifted"


def test_one_is_enough_where_the_site_says_so(alice: User, bob: User, settings: Settings) -> None:
    settings.BANS_NEED_TWO = False
    assert ban(bob, alice, "Again and again.").state == "active"
    alice.refresh_from_db()
    assert not alice.is_active


def test_what_was_proposed_may_be_refused(alice: User, bob: User, dora: User) -> None:
    proposed = ban(bob, alice, "Again and again.")
    refuse_ban(dora, proposed, "A strike is enough.")
    alice.refresh_from_db()
    assert alice.is_active and proposed.state == "refused"


def test_who_may_not(alice: User, bob: User, dora: User, charlie: User) -> None:
    for moderator, person in ((charlie, alice), (bob, bob), (bob, dora)):
        for verb in (strike, ban):
            with pytest.raises(NotAllowed):
                verb(moderator, person, "because")
    with pytest.raises(Refusal):
        strike(bob, alice, " ")
    with pytest.raises(Refusal):
        strike(bob, alice, "x" * 301)
    assert not Sanction.objects.exists() and not ModerationAct.objects.exists()


def test_acts_are_written_once(alice: User, bob: User) -> None:
    strike(bob, alice, "Rude.")
    act = ModerationAct.objects.get()
    for attempt in (act.save, act.delete, ModerationAct.objects.all().delete):
        with pytest.raises(TypeError):
            attempt()
