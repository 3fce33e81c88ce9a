"""`python -m tests.deploy.env_example`: writes every setting, its default and its words into `.env.example`."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT
from tests.architecture.test_told_lists import rows, settings_read

FILE = ROOT / "config" / "deploy" / ".env.example"
LAST_LINE_BY_HAND = "# Settings. Below this line `make env-example` writes.\n"
SPOKEN = {True: "on", False: "off", None: ""}


def by_hand() -> str:
    head, line, _ = FILE.read_text(encoding="utf-8").partition(LAST_LINE_BY_HAND)
    return head + line


def entry(name: str, default: object) -> str:
    """One setting: what it decides, what the default is where that is worked out, and the line to uncomment."""
    words = rows("Settings", column=3)[name].strip().replace("`", "")
    usual = "" if default not in (None, "") else f" (default: {rows('Settings')[name].strip().replace('`', '')})"
    value = SPOKEN[default] if isinstance(default, bool | None) else default
    return f"# {words}{usual}\n#{name}={value}\n"


def written() -> str:
    head = by_hand()
    set_above = set(re.findall(r"^([A-Z0-9_]+)=", head, re.MULTILINE))
    return head + "".join(entry(*each) for each in settings_read().items() if each[0] not in set_above)


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
