"""What moderators do besides changing a state, written once; and who has which case in hand."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from generation.models.safeguards import AppendOnly


class Subject(models.TextChoices):
    """What a case of the desk is about."""

    POST = "post", "Picture"
    RELEASE = "release", "LoRA"
    COMMENT = "comment", "Comment"
    NOTICE = "notice", "Notice"
    SAFEGUARD = "safeguard", "Safeguard"
    APPEAL = "appeal", "Appeal"
    SANCTION = "sanction", "Sanction"
    PERSON = "person", "Person"


class ModerationAct(AppendOnly):
    """One act. A change of a post's or release's state is a Decision instead. Without `who` the site itself acted."""

    class Verb(models.TextChoices):
        NOTE = "note", "Note"
        SEEN = "seen", "Looked at"
        NOTICE_UPHELD = "notice_upheld", "Notice upheld"
        NOTICE_DISMISSED = "notice_dismissed", "Notice dismissed"
        LINK_ENDED = "link_ended", "Share link ended"
        SAMPLE_REMOVED = "sample_removed", "Sample of a LoRA removed"
        PICTURE_BLOCKED = "picture_blocked", "Picture blocked"
        STRIKE = "strike", "Strike given"
        SUSPEND = "suspend", "Suspended"
        BAN_PROPOSED = "ban_proposed", "Ban proposed"
        BAN = "ban", "Banned"
        BAN_REFUSED = "ban_refused", "Ban not confirmed"
        LIFT = "lift", "Sanction lifted"
        APPEAL_GRANTED = "appeal_granted", "Appeal granted"
        APPEAL_REFUSED = "appeal_refused", "Appeal refused"

    who = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=16, choices=Verb.choices)
    subject = models.CharField(max_length=9, choices=Subject.choices)
    subject_id = models.BigIntegerField()
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="acts",
        help_text="Whom it concerns.",
    )
    words = models.CharField(max_length=1000, blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "subject_id"], name="act_by_subject"),
            models.Index(fields=["person", "-id"], name="act_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} by {self.who or 'the site'}"


class Claim(models.Model):
    """A case that a moderator has in hand, until the lease ends."""

    subject = models.CharField(max_length=9, choices=Subject.choices)
    subject_id = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        verbose_name = "case in hand"
        verbose_name_plural = "desk: all that waits"
        constraints = [models.UniqueConstraint(fields=["subject", "subject_id"], name="one_claim_of_a_case")]

    def __str__(self) -> str:
        return f"{self.by} until {self.until:%H:%M}"
