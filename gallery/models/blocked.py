"""Pictures that no post may show again."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from gallery.models.posts import BlockedPhrase
from generation.models.fingerprints import PdqHashed, PdqQuerySet, chunks_of


class BlockedPicture(PdqHashed):
    """One picture, by how it looks alone: copies of other size, format or light are found too."""

    Effect = BlockedPhrase.Effect

    effect = models.CharField(max_length=6, choices=Effect.choices, default=Effect.REFUSE)
    note = models.CharField(max_length=200, blank=True, help_text="Why; shown to moderators.")
    is_active = models.BooleanField(default=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    added_at = models.DateTimeField(auto_now_add=True)

    objects = PdqQuerySet["BlockedPicture"].as_manager()

    class Meta(PdqHashed.Meta):
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["pdq"], name="picture_blocked_once")]

    def __str__(self) -> str:
        return self.note or f"{self.pdq[:16]}…"

    def clean(self) -> None:
        """As the admin's form calls it, before saving: the chunks follow the hash."""
        RegexValidator(r"\A[0-9a-f]{64}\Z", "A fingerprint is 64 hexadecimal digits.")(self.pdq)
        for name, value in chunks_of(self.pdq).items():
            setattr(self, name, value)
