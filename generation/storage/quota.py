"""What a person keeps on the site, in bytes: pictures, data sets, snapshots, LoRAs. The limits are the plan's."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet, Sum, Value
from django.template.defaultfilters import filesizeformat

from accounts.models import User
from accounts.quotas import storage_full
from accounts.refusals import QuotaExceeded
from generation.models import DataPicture, GeneratedImage, Lora, Snapshot


def stored_bytes(user: User) -> int:
    kept: tuple[QuerySet[Any], ...] = (
        GeneratedImage.objects.of(user),
        DataPicture.objects.filter(dataset__owner=user),
        Snapshot.objects.filter(run__owner=user),
        Lora.objects.filter(owner=user),
    )
    # By a constant: grouped by nothing, where `Sum` alone would give a row for each picture.
    first, *others = (rows.order_by().values(all=Value(1)).values_list(Sum("size_bytes")) for rows in kept)
    # PostgreSQL gives decimals for sums of big integers.
    return sum(int(total or 0) for (total,) in first.union(*others, all=True))


def check_room(user: User, more_bytes: int) -> None:
    """Raises QuotaExceeded when so many more bytes go past the plan."""
    stored = stored_bytes(user)
    left = user.plan.storage_bytes - stored
    if more_bytes <= left:
        return
    sentence = storage_full(user.plan, stored)
    if left > 0:
        sentence = f"This takes {filesizeformat(more_bytes)} more. {sentence}"
    raise QuotaExceeded("storage-full", sentence)
