"""`.env.example` names every setting that the code reads, with its default, and every variable of the compose files."""

from __future__ import annotations

import re

from tests.architecture.test_told_lists import settings_read
from tests.deploy.env_example import FILE, SPOKEN, by_hand, written

DEPLOY = FILE.parent


def named() -> dict[str, str]:
    """Name -> value, also of lines that are commented out."""
    return dict(re.findall(r"^#?([A-Z0-9_]+)=(.*)$", FILE.read_text(encoding="utf-8"), re.MULTILINE))


def test_it_names_every_setting_with_its_default() -> None:
    by_code = settings_read()
    set_by_hand = set(re.findall(r"^([A-Z0-9_]+)=", by_hand(), re.MULTILINE))
    expected = {
        name: SPOKEN[default] if isinstance(default, bool | None) else str(default)
        for name, default in by_code.items()
        if name not in set_by_hand
    }
    assert {name: value for name, value in named().items() if name not in set_by_hand} == expected, (
        "run `make env-example`"
    )
    assert FILE.read_text(encoding="utf-8") == written(), "run `make env-example`"


def test_it_names_every_variable_of_the_compose_files() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DEPLOY.glob("compose*.yaml"))
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", text))
    assert len(asked) > 5
    assert asked - set(named()) == set()
    required = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+):\?", text)) - {"S3_BUCKET"}
    by_default_empty = {
        name for name, value in re.findall(r"^([A-Z0-9_]+)=(.*)$", by_hand(), re.MULTILINE) if not value
    }
    assert required <= by_default_empty, "what must be filled in comes without a value, so that compose says so"


def test_it_brings_no_secret() -> None:
    assert {name: value for name, value in named().items() if re.search("_KEY$|PASSWORD|SECRET", name) and value} == {}
