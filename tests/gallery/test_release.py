"""Releases of LoRAs: sent in with samples, decided by moderators, public while they are approved and no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, NotFound, Refusal
from gallery.models import BlockedPhrase, Release, ReleaseDecision
from gallery.moderation import approve, reject, take_down
from gallery.releasing import release_lora, withdraw_release
from generation.catalog.loras.sharing import pictures_with
from generation.models import Lora
from generation.recipes.picture import LoraPick
from tests.gallery.conftest import Finish

CLAY = "e" * 64
Made = Callable[..., Lora]


@pytest.fixture
def clay(alice: User, weights: None) -> Lora:
    """Alice's private LoRA."""
    return Lora.objects.create(
        name="clay", title="Soft clay", family="mini", path="uploads/x.safetensors", sha256=CLAY, owner=alice,
        is_public=False, licence="CC BY 4.0", trigger_words=["soft clay"],
    )  # fmt: skip


def drawn(finish: Finish, user: User, **fields: Any) -> str:
    picks = (LoraPick("clay", 0.8, sha256=CLAY),)
    return finish(user, "a star <lora:clay:0.8>", loras=picks, **fields).code


@pytest.fixture
def sent(alice: User, clay: Lora, finish: Finish) -> Release:
    return release_lora(alice, clay, [drawn(finish, alice), drawn(finish, alice)])


def test_approval_makes_it_everybodys_and_only_then(bob: User, charlie: User, clay: Lora, sent: Release) -> None:
    assert not Lora.objects.usable_by(charlie).filter(pk=clay.pk).exists()
    approve(bob, sent)
    assert Lora.objects.usable_by(charlie).filter(pk=clay.pk).exists()
    take_down(bob, sent, "It copies somebody.")
    assert not Lora.objects.usable_by(charlie).filter(pk=clay.pk).exists()
    assert [decision.verb for decision in ReleaseDecision.objects.all()] == ["take_down", "approve", "publish"]


def test_its_page_shows_ones_own_pictures_with_it(alices: Client, charlies: Client, bob: User, sent: Release) -> None:
    code = sent.samples.get(place=0).image.code
    assert f"/images/{code}/thumbnail" in alices.get("/loras/clay/").text
    approve(bob, sent)
    assert f"/images/{code}/thumbnail" not in charlies.get("/loras/clay/").text


def test_its_author_takes_it_back_and_sends_it_in_again(
    alice: User, bob: User, charlie: User, clay: Lora, sent: Release, finish: Finish
) -> None:
    approve(bob, sent)
    with pytest.raises(NotFound):
        withdraw_release(charlie, sent)
    withdraw_release(alice, sent)
    clay.refresh_from_db()
    assert not clay.is_public
    again = release_lora(alice, clay, [drawn(finish, alice)])
    assert again == sent and again.samples.count() == 1 and again.state == "pending"


def test_a_no_comes_with_its_reason(alice: User, bob: User, clay: Lora, sent: Release, alices: Client) -> None:
    with pytest.raises(Refusal, match="Say why"):
        reject(bob, sent, "")
    reject(bob, sent, "The samples do not show it.")
    clay.path = ""
    assert "The samples do not show it." in alices.get("/loras/clay/").text


def test_what_was_taken_down_stays_down(alice: User, bob: User, clay: Lora, sent: Release, finish: Finish) -> None:
    approve(bob, sent)
    take_down(bob, sent, "No.")
    with pytest.raises(Conflict, match="took this LoRA down"):
        release_lora(alice, clay, [drawn(finish, alice)])


def test_only_moderators_decide(alice: User, sent: Release) -> None:
    for verb in (approve, reject, take_down):
        with pytest.raises(NotAllowed):
            verb(alice, sent, "because")


def test_samples_are_own_pictures_with_it(alice: User, charlie: User, clay: Lora, finish: Finish) -> None:
    plain, his = finish(alice).code, drawn(finish, charlie)
    for codes in ([], [plain], [his], [drawn(finish, alice) for _ in range(9)]):
        with pytest.raises(Refusal, match="Choose"):
            release_lora(alice, clay, codes)
    assert {image.owner for image in pictures_with(alice, clay)} == {alice}


def test_a_licence_that_shares_is_needed(alice: User, clay: Lora, finish: Finish) -> None:
    for licence in ("", "All rights reserved", "beerware"):
        clay.licence = licence
        with pytest.raises(Refusal, match="licence"):
            release_lora(alice, clay, [drawn(finish, alice)])


def test_a_stranger_cannot_send_it_in(charlie: User, clay: Lora, finish: Finish, charlies: Client) -> None:
    with pytest.raises(NotFound):
        release_lora(charlie, clay, [drawn(finish, charlie)])
    assert charlies.get("/loras/clay/publish/").status_code == 404
    assert charlies.post("/loras/clay/withdraw/").status_code == 404


def test_what_is_quarantined_is_not_published(
    alice: User, bob: User, clay: Lora, sent: Release, finish: Finish
) -> None:
    Lora.objects.filter(pk=clay.pk).update(is_enabled=False)
    sent.refresh_from_db()
    with pytest.raises(Conflict, match="quarantined"):
        approve(bob, Release.objects.select_related("lora").get())


def test_the_block_list_holds_for_words_of_a_lora(alice: User, clay: Lora, finish: Finish) -> None:
    BlockedPhrase.objects.create(phrase="soft clay", effect="flag", note="look twice")
    assert release_lora(alice, clay, [drawn(finish, alice)]).flags == ["Says “soft clay”: look twice"]


def test_samples_are_public_with_it(bob: User, client: Client, charlies: Client, sent: Release) -> None:
    address = f"/releases/{sent.code}/samples/0"
    assert [charlies.get(address).status_code, client.get(address).status_code] == [404, 404]
    approve(bob, sent)
    assert client.get(address)["Content-Type"] == "image/webp"
    assert f"/releases/{sent.code}/samples/1" in client.get("/loras/").text
    assert "soft clay" in client.get("/loras/clay/").text


def test_the_page_sends_in(alices: Client, alice: User, clay: Lora, finish: Finish) -> None:
    code = drawn(finish, alice)
    page = alices.get("/loras/clay/publish/").text
    assert code in page and "CC BY 4.0" in page
    assert alices.post("/loras/clay/publish/").status_code == 400
    assert alices.post("/loras/clay/publish/", {"samples": [code]})["Location"] == "/loras/clay/"
    assert "Waiting for a moderator" in alices.get("/loras/clay/").text


def test_moderators_decide_on_their_screen(bobs: Client, sent: Release, clay: Lora, charlies: Client) -> None:
    page = bobs.get("/admin/gallery/release/").text
    assert "Soft clay" in page and "CC BY 4.0" in page and "?place=1" in page
    assert bobs.get(f"/admin/gallery/release/{sent.pk}/picture/?place=1")["Content-Type"] == "image/webp"
    said = bobs.post("/admin/gallery/release/decide/", {"code": sent.code, "verb": "approve"})
    assert said.status_code == 302
    clay.refresh_from_db()
    assert clay.is_public
    refused = charlies.post("/admin/gallery/release/decide/", {"code": sent.code, "verb": "take_down", "reason": "x"})
    assert refused.status_code in (302, 403) and Release.objects.get().state == "approved"


def test_decisions_are_written_once(bob: User, sent: Release) -> None:
    decision = approve(bob, sent)
    with pytest.raises(TypeError):
        decision.save()
    with pytest.raises(TypeError):
        ReleaseDecision.objects.all().delete()


def test_it_asks_before_it_is_taken_back(alices: Client, charlies: Client, sent: Release) -> None:
    assert 'href="/loras/clay/withdraw/" data-opens="withdraw-lora"' in alices.get("/loras/clay/").text
    assert "Withdraw this LoRA?" in alices.get("/loras/clay/withdraw/").text
    sent.refresh_from_db()
    assert sent.state == "pending"
    assert charlies.get("/loras/clay/withdraw/").status_code == 404
