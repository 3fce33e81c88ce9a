"""A file that was not taken: its name, a code for programs, and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from accounts.refusals import Refusal

MAX_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """One file of an upload that stays outside while the others come in."""

    name: str
    code: str
    sentence: str


class FileRefused(Refusal):
    """Raised where a file turns out unfit; the caller knows its name."""

    def named(self, name: str) -> RefusedFile:
        return RefusedFile(name, self.code, self.message)


def plain_name(path: str) -> str:
    """What a file is called here: the last part of its path, printable and short. It never becomes a path again."""
    last = PurePosixPath(path.replace("\\", "/")).name
    printable = "".join(sign if sign.isprintable() else "\ufffd" for sign in last)
    return printable[:MAX_NAME_CHARS] or "a file without a name"
