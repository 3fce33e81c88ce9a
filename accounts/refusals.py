"""The root of every refusal: a code for programs and a sentence for people. Our own faults are not here.

It needs the standard library alone, so that every tier may raise its refusals as subclasses of this one.
"""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun, as sentences say it: “1 credit”, “4 credits”."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


class Refusal(Exception):
    """Something asked for that is not given. Nothing has been charged and nothing has changed.

    `code` is stable and for programs, the message is one sentence for people, `field` names the form field if there
    is one, `status` is the HTTP status that fits.
    """

    status = 400

    def __init__(self, code: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class NotAllowed(Refusal):
    """The person is known and may not do this."""

    status = 403


class NotFound(Refusal):
    """There is no such thing, or it is somebody else's, which is the same answer."""

    status = 404


class Conflict(Refusal):
    """The thing is no longer in a state in which this can be done."""

    status = 409


class NotEnoughCredits(Refusal):
    """The balance does not pay for it."""

    status = 402


class QuotaExceeded(Refusal):
    """More than the person's plan allows at once. `retry_after` are seconds; 0 where waiting by itself is no help."""

    status = 429

    def __init__(self, code: str, message: str, *, field: str = "", retry_after: int = 0) -> None:
        super().__init__(code, message, field=field)
        self.retry_after = retry_after


class NoRoom(Refusal):
    """The disk is full: nobody's fault who asks, and nothing that was asked for is kept."""

    status = 507
    CODE = "no-room"
    SENTENCE = "The site has no room left for this. Nothing of it was kept; try again later."

    def __init__(self) -> None:
        super().__init__(self.CODE, self.SENTENCE)
