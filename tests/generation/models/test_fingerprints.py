"""The index of hashes finds every hash up to 31 bits away, wherever the bits lie, and no other."""

from __future__ import annotations

import numpy as np
import pytest
from django.utils import timezone

from generation.models import Fingerprint
from generation.models.fingerprints import CHUNKS, MOST_APART, chunks_of


def flipped(pdq: str, places: list[int]) -> str:
    return f"{int(pdq, 16) ^ sum(1 << place for place in places):064x}"


def keep(pdq: str, quality: int = 100) -> Fingerprint:
    fields = {"sha256": pdq, "quality": quality, "made_at": timezone.now(), **chunks_of(pdq)}
    return Fingerprint.objects.create(pdq=pdq, **fields)


@pytest.mark.parametrize("apart", [0, 1, 15, 16, 17, 30, 31])
def test_every_near_hash_is_found(db: None, apart: int) -> None:
    random = np.random.default_rng(apart)
    for _ in range(5):
        pdq = random.bytes(32).hex()
        row = keep(flipped(pdq, random.choice(256, apart, replace=False).tolist()))
        assert Fingerprint.objects.near(pdq) == [(row.pk, apart)]


def test_bits_spread_over_all_chunks_are_the_worst_case(db: None) -> None:
    pdq = "0f" * 32
    # Two bits in each chunk but one, which has one.
    row = keep(flipped(pdq, [16 * (place // 2) + 15 * (place % 2) for place in range(2 * CHUNKS - 1)]))
    assert Fingerprint.objects.near(pdq) == [(row.pk, MOST_APART)]


def test_farther_ones_are_not_found(db: None) -> None:
    keep(flipped("a5" * 32, list(range(32))))
    assert Fingerprint.objects.near("a5" * 32) == []


def test_the_nearest_comes_first_and_a_smaller_distance_may_be_asked(db: None) -> None:
    far, close = keep(flipped("3c" * 32, list(range(20)))), keep(flipped("3c" * 32, [1, 2]))
    assert Fingerprint.objects.near("3c" * 32) == [(close.pk, 2), (far.pk, 20)]
    assert Fingerprint.objects.near("3c" * 32, 19) == [(close.pk, 2)]


def test_a_distance_that_the_index_cannot_answer_is_an_error(db: None) -> None:
    with pytest.raises(ValueError, match="up to 31"):
        Fingerprint.objects.near("0" * 64, 32)


def test_flat_pictures_tell_nothing(db: None) -> None:
    keep("1" * 64, quality=3)
    assert Fingerprint.objects.telling(20).near("1" * 64) == []


def test_the_lowest_and_the_highest_chunk_have_their_neighbours(db: None) -> None:
    for pdq in ("0" * 64, "f" * 64):
        rows = [keep(pdq), keep(flipped(pdq, [255]))]
        assert [pk for pk, _ in Fingerprint.objects.near(pdq)] == [row.pk for row in rows]
