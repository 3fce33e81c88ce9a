"""Merges: which LoRAs may go in, what their licences leave to the new one, and what comes of one that kills."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.loras.licences import LICENCES, PRIVATE, allowed_by, allowed_by_all
from generation.catalog.loras.quarantine import lift
from generation.catalog.loras.sharing import describe, share
from generation.catalog.loras.versions import follow
from generation.catalog.merges import queue
from generation.catalog.merges.submission import mergeable_by, submit_merge
from generation.models import Checkpoint, Lora, LoraMerge
from generation.worker.merging import perform_ready_merges

BOTH = {"fluent-3d": 1.0, "line-art": 1.0}


def give(lora: str, owner: User, licence: str, **fields: object) -> Lora:
    """The bundled LoRA as a person's own."""
    title = LICENCES[licence].title if licence else ""
    Lora.objects.filter(name=lora).update(owner=owner, licence=title, **fields)
    return Lora.objects.get(name=lora)


def merged(user: User) -> Lora:
    submit_merge(user, BOTH, 8, "Both")
    assert perform_ready_merges() == 1
    lora = LoraMerge.objects.get().lora
    assert lora is not None
    return lora


def test_what_may_not_be_downloaded_does_not_go_in(alice: User, charlie: User, catalog: Checkpoint) -> None:
    his = give("line-art", charlie, "cc-by", is_public=False)
    share(his, ["alice"])
    assert his in Lora.objects.usable_by(alice) and his not in mergeable_by(alice)
    with pytest.raises(Refusal, match="does not let others have its file") as refused:
        submit_merge(alice, BOTH, 8, "Both")
    assert (refused.value.code, refused.value.field) == ("not-to-be-had", "loras")
    assert not LoraMerge.objects.exists()
    describe(his, may_download=True)
    assert submit_merge(alice, BOTH, 8, "Both").state == "queued"


def test_public_does_not_mean_to_be_had(alice: User, charlie: User, catalog: Checkpoint) -> None:
    give("line-art", charlie, "cc-by", is_public=True)
    with pytest.raises(Refusal, match="does not let others"):
        submit_merge(alice, BOTH, 8, "Both")


def test_a_licence_that_is_carried_on_is(alice: User, charlie: User, catalog: Checkpoint) -> None:
    give("line-art", charlie, "cc-by-sa", is_public=True, may_download=True)
    lora = merged(alice)
    assert lora.allowed_licences == ["cc-by-sa", PRIVATE]
    for refused in ("cc0", "mit", "cc-by-nc"):
        with pytest.raises(Refusal, match=r"allows only: CC BY-SA 4\.0 or All rights reserved") as no:
            describe(lora, licence=refused)
        assert (no.value.code, no.value.field) == ("licence-of-parents", "licence")
    describe(lora, licence="cc-by-sa", may_download=True)


def test_it_is_carried_on_through_a_second_merge(alice: User, charlie: User, catalog: Checkpoint) -> None:
    give("line-art", charlie, "openrail", is_public=True, may_download=True)
    first = merged(alice)
    LoraMerge.objects.all().delete()
    submit_merge(alice, {first.name: 1.0, "fluent-3d": 0.5}, 8, "Again")
    assert perform_ready_merges() == 1
    assert Lora.objects.get(name="again").allowed_licences == ["openrail", PRIVATE]


def test_it_stays_when_the_parent_goes(alice: User, charlie: User, catalog: Checkpoint) -> None:
    his = give("line-art", charlie, "cc-by-nc", is_public=True, may_download=True)
    lora = merged(alice)
    his.delete()
    with pytest.raises(Refusal, match="allows only"):
        describe(lora, licence="mit")


def test_a_version_takes_no_licence_that_its_parents_forbid(alice: User, charlie: User, catalog: Checkpoint) -> None:
    give("line-art", charlie, "cc-by-sa", is_public=True, may_download=True)
    lora = merged(alice)
    former = Lora.objects.create(
        name="ink", title="Ink", family=lora.family, path="x", sha256="a" * 64, owner=alice, licence="MIT"
    )
    follow(lora, former)
    assert lora.licence == ""


@pytest.mark.parametrize("licence", ["", "none", "mit"])
def test_ones_own_and_permissive_ones_leave_all(alice: User, catalog: Checkpoint, licence: str) -> None:
    give("line-art", alice, licence)
    lora = merged(alice)
    assert lora.allowed_licences == []
    describe(lora, licence="cc0")


@pytest.mark.parametrize("licence", ["", "House rules"])
def test_a_licence_that_nobody_knows_allows_nothing_public(alice: User, catalog: Checkpoint, licence: str) -> None:
    Lora.objects.filter(name="line-art").update(licence=licence)
    assert merged(alice).allowed_licences == [PRIVATE]


def die(times: int = 2) -> LoraMerge:
    """The only merge is tried by workers that die, so many times."""
    for _ in range(times):
        assert queue.claim_next() is not None
        LoraMerge.objects.update(lease_until=timezone.now() - timedelta(hours=1))
        queue.recover()
    return LoraMerge.objects.get()


def test_two_crashes_set_its_own_parents_aside(alice: User, charlie: User, catalog: Checkpoint) -> None:
    his, hers = give("line-art", charlie, "mit", may_download=True), give("fluent-3d", alice, "")
    submit_merge(alice, BOTH, 8, "Both")
    assert die(1).state == "queued" and Lora.objects.get(pk=hers.pk).is_enabled
    failed = die(1)
    assert (failed.state, failed.error_message.endswith("it was given up.")) == ("failed", True)
    his.refresh_from_db()
    hers.refresh_from_db()
    assert his.is_enabled and not hers.is_enabled, "nobody sets another's aside by choosing it beside a bad one"
    assert "while merging this file" in hers.quarantine_reason
    assert lift(hers) == 1


def test_files_of_the_site_are_no_suspects_but_a_lone_strangers_is(
    alice: User, charlie: User, catalog: Checkpoint
) -> None:
    give("line-art", charlie, "mit", may_download=True)
    submit_merge(alice, BOTH, 8, "Both")
    die()
    assert list(Lora.objects.filter(is_enabled=False).values_list("name", flat=True)) == ["line-art"]


def test_what_several_allow_together() -> None:
    assert allowed_by_all([allowed_by("MIT"), allowed_by("CC0 1.0")]) == []
    assert allowed_by_all([allowed_by("MIT"), allowed_by("CC BY-SA 4.0")]) == ["cc-by-sa", PRIVATE]
    assert allowed_by_all([allowed_by("CC BY-NC 4.0"), allowed_by("CC BY-SA 4.0")]) == [PRIVATE]
