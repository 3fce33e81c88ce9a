"""Asking for a merge: several LoRAs become a new private one. It costs no credits, only room and a place in line."""

from __future__ import annotations

import math
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import QuotaExceeded, Refusal
from generation.catalog.loras.licences import allowed_by, licences_within, may_share
from generation.catalog.loras.naming import clean_title, word_of
from generation.messages import wakeups
from generation.models import Lora, LoraMerge
from generation.models.catalog import FAMILY_TITLES, LoraQuerySet
from generation.models.lab import MergeParent
from generation.recipes.picture import MAX_LORAS, WEIGHT_LIMIT
from generation.storage.quota import check_room
from generation.weightfiles.lora_pairs import MAX_RANK

MOST_WAITING = 3


def submit_merge(user: User, weights: Mapping[str, float], rank: int, title: str) -> LoraMerge:
    """Queue a merge of two to five LoRAs, by their names and weights. Raises Refusal; then nothing has changed."""
    return write_merge(prepare_merge(user, weights, rank, title))


def prepare_merge(user: User, weights: Mapping[str, float], rank: int, title: str) -> LoraMerge:
    """The merge as `write_merge` takes it: looked up and checked, not yet saved."""
    titled = clean_title(title)
    if not 1 <= rank <= MAX_RANK:
        raise Refusal("bad-rank", f"The rank must lie between 1 and {MAX_RANK}.", field="rank")
    parents = [(find_parent(user, name), checked_weight(name, weight)) for name, weight in weights.items()]
    if not 2 <= len({lora.pk for lora, _ in parents}) == len(parents) <= MAX_LORAS:
        raise Refusal("bad-merge", f"Choose two to {MAX_LORAS} different LoRAs.", field="loras")
    check_families([lora for lora, _ in parents])
    check_room(user, max(lora.size_bytes for lora, _ in parents))
    return LoraMerge(
        owner=user,
        name=word_of(titled).lower(),
        title=titled,
        rank=rank,
        parents=[
            MergeParent(
                lora.pk, lora.name, lora.title, lora.sha256, weight, tuple(licences_of_child(user, lora))
            ).to_json()
            for lora, weight in parents
        ],
    )


@transaction.atomic
def write_merge(merge: LoraMerge) -> LoraMerge:
    """Save it, unless too many of its owner's wait already, which raises QuotaExceeded."""
    hold_account(merge.owner)
    if LoraMerge.objects.of(merge.owner).filter(state__in=LoraMerge.UNFINISHED).count() >= MOST_WAITING:
        raise QuotaExceeded("too-many-merges", f"{MOST_WAITING} of your merges wait already. Wait for one to finish.")
    merge.save()
    transaction.on_commit(lambda: announce_merge(merge))
    return merge


def announce_merge(merge: LoraMerge) -> None:
    """One wake-up. When the broker is away the row waits and upkeep sends it later."""
    LoraMerge.objects.filter(pk=merge.pk).announce(lambda: wakeups.send(wakeups.Task.MERGE_LORAS))


def find_parent(user: User, name: str) -> Lora:
    lora = Lora.objects.usable_by(user).named(name)
    if lora is None:
        raise Refusal("unknown-lora", f"There is no LoRA “{name[:100]}”.", field="loras")
    if not mergeable_by(user).filter(pk=lora.pk).exists():
        sentence = f"The owner of “{lora.title}” does not let others have its file, so it cannot be merged."
        raise Refusal("not-to-be-had", sentence, field="loras")
    return lora


def mergeable_by(user: User) -> LoraQuerySet:
    """LoRAs of the site, one's own, and others' that may be downloaded: a merge has their weights, and is one's own."""
    open_file = Q(owner=None) | Q(owner=user) | Q(may_download=True)
    return Lora.objects.usable_by(user).filter(open_file)


def licences_of_child(user: User, parent: Lora) -> list[str]:
    """Keys of the licences that this parent leaves to a merge. Who has not said anything of their own is free."""
    bound = list(licences_within(parent.allowed_licences))
    if parent.owner_id == user.pk and not may_share(parent.licence):
        return bound
    return [key for key in bound if key in allowed_by(parent.licence)]


def checked_weight(name: str, weight: float) -> float:
    if not math.isfinite(weight) or not 0 < abs(weight) <= WEIGHT_LIMIT:
        raise Refusal("bad-lora-weight", f"The weight of “{name[:100]}” must lie between -2 and 2, and not be 0.")
    return weight


def check_families(loras: list[Lora]) -> None:
    families = {lora.family for lora in loras}
    if len(families) > 1:
        titles = " and ".join(sorted(FAMILY_TITLES.get(family, family) for family in families))
        raise Refusal("wrong-family", f"These LoRAs are for {titles}; only those of one family merge.", field="loras")
