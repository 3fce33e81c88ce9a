"""Fingerprints: what each picture made here looked like, found again among a million by how alike pictures are.

A hash of 256 bits is kept in 16 chunks of 16 bits, 8 pairs of neighbours (multi-index hashing, Norouzi et al. 2012). Of
two hashes that differ in at most 31 bits some pair differs in 3 bits at most, so one of its chunks in one at most. Each
chunk has an index that holds its neighbour and the key too: it alone tells which few rows are to be read.
"""

from __future__ import annotations

from functools import cache
from typing import Self, TypeVar

from django.db import connections, models

from generation.models.images import GeneratedImage

CHUNKS = 16
CHUNK_BITS = 16
MOST_APART = 2 * CHUNKS - 1
"""The largest distance in bits that the chunks find."""
PAIR_APART = MOST_APART // (CHUNKS // 2)
"""In some pair two hashes differ by no more bits than this."""
_LEAST = -(2 ** (CHUNK_BITS - 1))
_FLIPS = (0, *(1 << bit for bit in range(CHUNK_BITS)))

Hashed = TypeVar("Hashed", bound="PdqHashed", covariant=True)


def chunks_of(pdq: str) -> dict[str, int]:
    """The chunk fields of a hash (64 hex digits), each a signed whole number of 16 bits as databases keep them."""
    return {f"chunk_{place}": int(pdq[4 * place : 4 * place + 4], 16) + _LEAST for place in range(CHUNKS)}


class PdqQuerySet(models.QuerySet[Hashed]):
    """Rows with a PDQ hash."""

    def near(self, pdq: str, most: int = MOST_APART) -> list[tuple[int, int]]:
        """Primary key and distance in bits of the rows at most `most` (up to 31) bits away, the nearest first."""
        if not 0 <= most <= MOST_APART:
            raise ValueError(f"The index finds hashes up to {MOST_APART} bits apart, not {most}.")
        sought = int(pdq, 16)
        near = self.filter(pk__in=self._near_in_a_pair(pdq)).order_by().values_list("pk", "pdq")
        apart = ((pk, (int(other, 16) ^ sought).bit_count()) for pk, other in near)
        return sorted((row for row in apart if row[1] <= most), key=lambda row: (row[1], -row[0]))

    def _near_in_a_pair(self, pdq: str) -> set[int]:
        """Primary keys of the rows of which some pair of chunks is near, by the indices alone."""
        sought = [value - _LEAST for value in chunks_of(pdq).values()]
        with connections[self.db].cursor() as cursor:
            cursor.execute(
                _pairs_sql(self.model._meta.db_table), [(v ^ flip) + _LEAST for v in sought for flip in _FLIPS]
            )
            found = cursor.fetchall()
        return {
            pk
            for pk, one, other, place in found
            if ((one - _LEAST) ^ sought[place]).bit_count() + ((other - _LEAST) ^ sought[place ^ 1]).bit_count()
            <= PAIR_APART
        }


@cache
def _pairs_sql(table: str) -> str:
    """The rows that have a chunk among the values given for it: key, chunk, its neighbour, place."""
    # As text, since to put the sixteen parts together as querysets takes longer than to answer them.
    values = ", ".join(["%s"] * len(_FLIPS))
    return " UNION ALL ".join(
        f"SELECT id, chunk_{place}, chunk_{place ^ 1}, {place} FROM {table} WHERE chunk_{place} IN ({values})"  # noqa: S608
        for place in range(CHUNKS)
    )


class PdqHashed(models.Model):
    """A row with a PDQ hash; make one with `**chunks_of(pdq)`."""

    pdq = models.CharField(max_length=64, help_text="Perceptual hash of 256 bits, in hex.")
    chunk_0 = models.SmallIntegerField(editable=False)
    chunk_1 = models.SmallIntegerField(editable=False)
    chunk_2 = models.SmallIntegerField(editable=False)
    chunk_3 = models.SmallIntegerField(editable=False)
    chunk_4 = models.SmallIntegerField(editable=False)
    chunk_5 = models.SmallIntegerField(editable=False)
    chunk_6 = models.SmallIntegerField(editable=False)
    chunk_7 = models.SmallIntegerField(editable=False)
    chunk_8 = models.SmallIntegerField(editable=False)
    chunk_9 = models.SmallIntegerField(editable=False)
    chunk_10 = models.SmallIntegerField(editable=False)
    chunk_11 = models.SmallIntegerField(editable=False)
    chunk_12 = models.SmallIntegerField(editable=False)
    chunk_13 = models.SmallIntegerField(editable=False)
    chunk_14 = models.SmallIntegerField(editable=False)
    chunk_15 = models.SmallIntegerField(editable=False)

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=[f"chunk_{place}", f"chunk_{place ^ 1}", "id"], name=f"%(class)s_pair_{place}")
            for place in range(CHUNKS)
        ]


class FingerprintQuerySet(PdqQuerySet["Fingerprint"]):
    def telling(self, least_quality: int) -> Self:
        """Those of pictures that are not so flat that their hash is noise."""
        return self.filter(quality__gte=least_quality)


class Fingerprint(PdqHashed):
    """What is remembered of a picture made here, also after its deletion; then without a word of who made it."""

    image = models.OneToOneField(GeneratedImage, null=True, on_delete=models.SET_NULL, related_name="fingerprint")
    sha256 = models.CharField(max_length=64, db_index=True, help_text="Of the kept PNG.")
    quality = models.SmallIntegerField(help_text="0 to 100: how much of a picture it is; flat ones hash to noise.")
    mark = models.BigIntegerField(
        null=True, blank=True, db_index=True, help_text="The number that the picture's invisible watermark carries."
    )
    made_at = models.DateTimeField()

    objects = FingerprintQuerySet.as_manager()

    class Meta(PdqHashed.Meta):
        pass

    def __str__(self) -> str:
        return self.pdq
