"""Suspending an account from the admin: nobody comes in by it, and what waits for its person is cancelled."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.staff_acts import note_act
from config.deletion import stop_work
from gallery.models import Sanction
from gallery.sanctions import lift, shut_account


def suspend_account(actor: User, person: User, reason: str, until: datetime | None) -> Sanction:
    """End sessions and tokens, cancel what waits or goes on (its credits return), and tell the person why.

    Until `until`, or until it is lifted. Raises what `gallery.sanctions.shut_account` raises.
    """
    made = shut_account(actor, person, reason, until)
    note_act("account-suspended", actor, person, f"Suspended{_until(until)}: {made.reason}")
    # After the commit: no request of theirs begins anything more. Each verb is whole by itself.
    stop_work(person)
    return made


def end_suspension(actor: User, person: User, words: str) -> bool:
    """Let somebody in again before the time; False where no ban holds."""
    ban = Sanction.objects.of(person).in_force().filter(kind=Sanction.Kind.BAN).first()
    if ban is None:
        return False
    lift(actor, ban, words)
    person.refresh_from_db()
    note_act("account-suspension-ended", actor, person, f"Let in again: {words}")
    return True


def _until(until: datetime | None) -> str:
    return f" until {until:%-d %B %Y, %H:%M} UTC" if until else ""
