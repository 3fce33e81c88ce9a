"""What the staff did to somebody's account, told in one place: their history in the admin, and the security log."""

from __future__ import annotations

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from accounts.security_events import record


def note_act(verb: str, actor: User, person: User, words: str) -> None:
    """Keep that `actor` did something about `person`; `verb` is a word for programs, `words` a sentence."""
    LogEntry.objects.create(
        user=actor,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(person.pk),
        object_repr=person.get_username()[:200],
        action_flag=CHANGE,
        change_message=words,
    )
    record(verb, who=actor, whom=person)
