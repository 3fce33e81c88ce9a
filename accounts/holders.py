"""What keeps an answer or a live line open: a session, an API token, a grant of OAuth; and which of these still stand.

What stays open for long asks twice a second, so that the end of any of them ends it too.
"""

from __future__ import annotations

from collections.abc import Collection

from accounts import grants, sessions, tokens
from accounts.grants import Grant
from accounts.sessions import SignIn
from accounts.tokens import TokenSignIn

Holder = SignIn | TokenSignIn | Grant


def still_standing(holders: Collection[Holder]) -> set[Holder]:
    """Those that neither ended nor were ended. A few queries for all, and none for a kind that nobody has."""
    standing: set[Holder] = set()
    if browsers := {each for each in holders if isinstance(each, SignIn)}:
        standing |= sessions.still_standing(browsers)
    if programs := {each for each in holders if isinstance(each, TokenSignIn)}:
        standing |= tokens.still_standing(programs)
    if third_parties := {each for each in holders if isinstance(each, Grant)}:
        standing |= grants.still_standing(third_parties)
    return standing
