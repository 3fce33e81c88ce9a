"""The rows of the access table and the outcomes that they name; what these mean is said in `access_table`."""

from __future__ import annotations

from dataclasses import dataclass, field

Outcomes = tuple[str, str, str, str]

ALL: Outcomes = ("ok", "ok", "ok", "ok")
MEMBERS: Outcomes = ("login", "ok", "ok", "ok")
OWNER: Outcomes = ("login", "ok", "404", "404")
STAFF: Outcomes = ("login", "403", "403", "ok")
# For programs, which bring a token: a cookie is none.
TOKEN_ALONE: Outcomes = ("login", "login", "login", "login")
# For a post that still waits, as for what is private: nobody but its author learns that it is there, not even
# moderators, who look at it in the admin.
HIDDEN: Outcomes = ("404", "ok", "404", "404")
# What is sent names something of one's own, and names nothing here.
MEMBERS_OR_ABSENT: Outcomes = ("login", "404", "404", "404")


@dataclass(frozen=True)
class Row:
    """What each method gives to whom; `path` is only needed where the route has parameters."""

    path: str = ""
    methods: dict[str, Outcomes] = field(default_factory=dict)


def row(path: str = "", **methods: Outcomes) -> Row:
    return Row(path, methods)
