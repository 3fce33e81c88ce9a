"""Lists that `__name__` in a prompt draws from: the site's, and people's own, which come before the site's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import IntegrityError, transaction
from django.urls.converters import StringConverter

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal
from generation.models import Wildcard
from generation.prompting.templates import LIST_NAME

MAX_LISTS = 200
MAX_NAME_CHARS = 100
MAX_LINES = 5_000
MAX_LIST_CHARS = 200_000
_NAME = re.compile(LIST_NAME)


class ListInAddress(StringConverter):
    """A list's name in an address: it may hold slashes."""

    regex = LIST_NAME


def own_list(user: User, name: str) -> Wildcard:
    row: Wildcard | None = Wildcard.objects.filter(owner=user, name=name).first()
    if row is None:
        raise NotFound("not-found", "There is no such list, or it is not yours.")
    return row


def save_list(owner: User | None, name: str, lines: str, row: Wildcard | None = None) -> Wildcard:
    """Make a list, or give `row` this name and these lines. None owns what is the site's. Raises Refusal."""
    name, lines = check_name(name), check_lines(lines)
    with transaction.atomic():
        if owner is not None:
            hold_account(owner)
            if row is None and Wildcard.objects.filter(owner=owner).count() >= MAX_LISTS:
                raise QuotaExceeded("too-many-lists", f"You have {MAX_LISTS} lists. Delete one to make room.")
        row = row or Wildcard(owner=owner)
        row.name, row.lines = name, lines
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:
            raise Conflict("name-taken", f"There is a list “{name}” already.", field="name") from error
    return row


def check_name(name: str) -> str:
    name = name.strip().removeprefix("__").removesuffix("__")
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME_CHARS:
        sentence = (
            f"A list's name has at most {MAX_NAME_CHARS} letters and digits; single underscores, hyphens, dots"
            " and slashes may stand between them, as in animals/birds."
        )
        raise Refusal("bad-name", sentence, field="name")
    return name


def check_lines(lines: str) -> str:
    """The lines with plain line ends. Raises Refusal for a list that holds nothing, or too much."""
    lines = lines.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in lines:
        raise Refusal("bad-character", "The list holds a NUL character, which no prompt can have.", field="lines")
    if len(lines) > MAX_LIST_CHARS or lines.count("\n") >= MAX_LINES:
        sentence = f"A list holds at most {MAX_LINES:,} lines and {MAX_LIST_CHARS:,} characters."
        raise Refusal("list-too-long", sentence, field="lines")
    if not Wildcard(lines=lines).choices:
        raise Refusal("empty-list", "Write at least one line that is no remark.", field="lines")
    return lines


@dataclass(frozen=True, slots=True)
class ImportedList:
    """What became of one text file: `outcome` is added, updated, unchanged or refused, `sentence` says why."""

    path: Path
    outcome: str
    sentence: str


def import_lists(folder: Path) -> Iterator[ImportedList]:
    """Every `.txt` file below `folder` becomes a list of the site, called by its path: `animals/birds.txt`.

    A list of that name takes the file's lines; whether it is enabled stays as it is.
    """
    for path in sorted(folder.rglob("*.txt")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        try:
            lines = path.read_text("utf-8-sig")
            row = Wildcard.objects.filter(owner=None, name=name).first()
            if row is not None and row.lines == check_lines(lines):
                yield ImportedList(path, "unchanged", f"is the list __{name}__")
                continue
            save_list(None, name, lines, row)
            yield ImportedList(path, "updated" if row else "added", f"is now the list __{name}__")
        except UnicodeDecodeError:
            yield ImportedList(path, "refused", "is refused: it is not UTF-8. Save it as that.")
        except Refusal as refusal:
            yield ImportedList(path, "refused", f"is refused: {refusal}")
