"""The storage of collected static files: it joins a stylesheet with those that it imports, so that a page asks once."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORTING = "css/site.css"
IMPORT = re.compile(r'^@import url\("([^"]+)"\);\n', re.MULTILINE)
ADDRESS = re.compile(r'url\("(?!data:)([^"]+)"\)')


class JoiningStorage(CompressedManifestStaticFilesStorage):
    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if IMPORTING in paths and not dry_run:
            Path(self.path(IMPORTING)).write_text(joined(Path(self.location), IMPORTING), encoding="utf-8")
            # What follows reads each file from the storage that it was collected from.
            paths[IMPORTING] = (self, IMPORTING)
        yield from super().post_process(paths, dry_run, **options)


def joined(folder: Path, name: str) -> str:
    """The stylesheet `name` below `folder`, each `@import` replaced by that file with its addresses made to fit."""

    def imported(found: re.Match[str]) -> str:
        inner = posixpath.normpath(posixpath.join(posixpath.dirname(name), found[1]))
        return ADDRESS.sub(lambda address: moved(address[1], inner), joined(folder, inner))

    def moved(address: str, inner: str) -> str:
        target = posixpath.join(posixpath.dirname(inner), address)
        return f'url("{posixpath.relpath(target, posixpath.dirname(name))}")'

    return IMPORT.sub(imported, (folder / name).read_text(encoding="utf-8"))
