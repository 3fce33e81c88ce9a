"""The blocks of code in the help pages: which there are, and how those of the shell are run as somebody types them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from config.help.pages import Page, pages
from tests.architecture.sources import ROOT

TOKEN, NAME = "tmp_your_token", "your-name"
"""Stand in the pages for the reader's own."""
NOT_RUN = "not-run:"
"""Begins the reason why a test cannot run a block of the shell."""


@dataclass(frozen=True)
class Block:
    page: Page
    language: str
    reason: str
    code: str

    def __str__(self) -> str:
        return f"{self.page.address}: {self.code.splitlines()[0]}"


def blocks(language: str = "") -> list[Block]:
    """All blocks, or those of one language. `sh not-run: REASON` is one of the shell that is only looked at."""
    found = []
    for page in pages().values():
        for info, code in page.fences:
            name, _, rest = info.partition(" ")
            found.append(Block(page, name, rest.removeprefix(NOT_RUN).strip(), code))
            assert not rest or (name == "sh" and rest.startswith(NOT_RUN)), f"{page.address}: {info}"
    return [block for block in found if language in ("", block.language)]


def script_of(page: Page) -> str:
    """What of a page is run, in its order, in one shell."""
    return "\n".join(block.code for block in blocks("sh") if block.page is page and not block.reason)


def run(page: Page, folder: Path, address: str, env: Mapping[str, str], **typed: str) -> str:
    """Run the page's blocks in `folder` against the site at `address`; what they print.

    `typed` are the reader's own `token` and `name`.
    """
    script = script_of(page).replace(settings.SITE_URL, address)
    for theirs, own in ((TOKEN, typed.get("token", TOKEN)), (NAME, typed.get("name", NAME))):
        script = script.replace(theirs, own)
    env = {name: value for name, value in env.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}  # which only tests have
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, f"{page.address}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done.stdout


def clone_of_this(folder: Path, data: Path) -> Path:
    """A folder that looks like a clone in which `make run` has installed: its files, `.venv` and `data`."""
    for path in ROOT.iterdir():
        if path.name not in (".venv", ".git", "data"):
            (folder / path.name).symlink_to(path)
    (folder / "data").symlink_to(data)
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return folder
