"""Whether the database can be reached: what its errors say of that."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError, connection

AWAY = ("08", "57P")
"""PostgreSQL's classes of states: the connection failed; the server is being stopped, or is not yet up."""


def is_database_away(error: BaseException) -> bool:
    """Whether its server hung up or cannot be reached now, so that the same may be tried again. A file never is away.

    Whether a transaction that was just being committed is in force, nobody knows.
    """
    if connection.vendor == "sqlite" or not isinstance(error, OperationalError | InterfaceError):
        return False
    # Without an answer of the server's there is no state.
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(AWAY)
