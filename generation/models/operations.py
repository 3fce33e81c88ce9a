"""What the operator has told the whole site: drawing paused and why, and a notice on every page. One row."""

from __future__ import annotations

import time

from django.db import DatabaseError, models
from django.utils import timezone

READ_EVERY_SECONDS = 5.0
"""So old may be what a process knows of it: pages ask often, and it changes a few times a year."""
ONLY = 1


class SiteStateManager(models.Manager["SiteState"]):
    """The row is made when it is first changed. Without one, nothing is paused and nothing announced."""

    _read: SiteState | None = None
    _read_at = 0.0

    def current(self) -> SiteState:
        """The state as this process read it some seconds ago; for pages. What must be exact asks `is_paused`."""
        now = time.monotonic()
        if self._read is None or now - self._read_at > READ_EVERY_SECONDS:
            try:
                self._read = self.filter(pk=ONLY).first() or SiteState(pk=ONLY)
            except DatabaseError:
                # Pages that say that the database is away have this on them, too.
                return self._read or SiteState(pk=ONLY)
            self._read_at = now
        return self._read

    def forget(self) -> None:
        """Have the next look read the row: it was just changed in this process."""
        self._read = None

    def is_paused(self) -> bool:
        """Whether nothing new may begin, as the row says now."""
        return self.filter(is_paused=True).exists()


class SiteState(models.Model):
    """One row. The notice is shown until `notice_until`, or until it is taken away."""

    is_paused = models.BooleanField(
        "drawing is paused", default=False,
        help_text="No worker begins anything new; what is being drawn ends. People may still queue, and are told.",
    )  # fmt: skip
    pause_reason = models.CharField(
        max_length=200, blank=True, help_text="Told on the Create page, in the queue and over the API."
    )
    notice = models.CharField(max_length=300, blank=True, help_text="A sentence on every page; empty: none.")
    notice_until = models.DateTimeField(
        null=True, blank=True, help_text="Shown until then (UTC); empty: until removed."
    )

    objects = SiteStateManager()

    class Meta:
        verbose_name = "operation"
        verbose_name_plural = "operations"
        constraints = [models.CheckConstraint(condition=models.Q(pk=ONLY), name="one_site_state")]

    def __str__(self) -> str:
        return "The site"

    @property
    def pause_sentence(self) -> str:
        """What people read who wait; empty while nothing is paused."""
        if not self.is_paused:
            return ""
        return f"Drawing is paused: {self.pause_reason}" if self.pause_reason else "Drawing is paused for a while."

    @property
    def shown_notice(self) -> str:
        over = self.notice_until is not None and self.notice_until <= timezone.now()
        return "" if over else self.notice
