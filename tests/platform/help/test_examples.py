"""What the help pages show is right as far as a machine can tell: prompts, files, settings, commands."""

from __future__ import annotations

import configparser
import html
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from config.help.pages import Page, pages
from generation.prompting.attention import attention
from generation.prompting.inspection import inspect
from generation.prompting.names import KnownName
from generation.prompting.schedule import schedule
from tests.architecture.sources import PACKAGES, ROOT
from tests.architecture.test_told_lists import settings_read
from tests.cluster.proxy import BINARY
from tests.platform.help.blocks import Block, blocks

LANGUAGES = {"prompt", "sh", "json", "yaml", "ini", "env", "caddyfile", "nginx", "text"}
"""Each has a rule in this file, but for `text`: what a command prints, or where something lies."""
BUNDLED_LORAS = ("fluent-3d", "line-art")
NO_SETTINGS = {
    "AND", "BREAK", "TEMPERA_URL", "TEMPERA_TOKEN", "TEMPERA_USER", "NAME", "FILE", "FOLDER",
    "INFO", "WARNING", "ERROR",
}  # fmt: skip
NO_SETTINGS |= {"COMPOSE_PROFILES", "POSTGRES_PASSWORD", "VALKEY_PASSWORD", "TORCH", "TORCH_INDEX", "EXTRAS"}
NO_SETTINGS |= {"GPUS_ALL_REGIONS", "IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN"}
"""Words in capitals that are shown as code and are no settings."""
named = pytest.mark.parametrize("page", [page for page in pages().values() if page.html], ids=lambda page: page.address)


def test_every_block_has_a_rule() -> None:
    assert {block.language for block in blocks()} <= LANGUAGES


@pytest.mark.parametrize("block", blocks("prompt"), ids=str)
def test_prompts_are_read_without_a_complaint(block: Block) -> None:
    loras = [KnownName(name) for name in BUNDLED_LORAS]
    assert [problem.message for problem in inspect(block.code.strip(), 20, loras=loras).problems] == []


def rows_of(address: str) -> dict[str, str]:
    """The rows of a page's tables: what stands as code in the first column, and what the second says."""
    rows = re.findall(r"<tr>\s*<td><code>(.*?)</code></td>\s*<td>(.*?)</td>", pages()[address].html)
    return {html.unescape(code): html.unescape(re.sub("<[^>]+>", "", words)) for code, words in rows}


def test_emphasis_counts_as_the_page_says() -> None:
    rows = {code: words for code, words in rows_of("/help/makers/prompts/").items() if words.endswith(" times")}
    assert len(rows) == 4
    for code, words in rows.items():
        ((text, weight),) = attention(code)
        assert (text, f"{weight:.2f}".rstrip("0")) == ("word", words.removesuffix(" times")), code


@pytest.mark.parametrize(
    ("code", "by_step"),
    [
        ("[cat:dog:0.4]", [(8, "cat"), (20, "dog")]),
        ("[cat:dog:12]", [(12, "cat"), (20, "dog")]),
        ("[dog:0.4]", [(8, ""), (20, "dog")]),
        ("[cat::0.4]", [(8, "cat"), (20, "")]),
        ("[cat|dog]", [(step, ("cat", "dog")[(step - 1) % 2]) for step in range(1, 21)]),
    ],
)
def test_changes_happen_when_the_page_says(code: str, by_step: list[tuple[int, str]]) -> None:
    assert code in rows_of("/help/makers/prompts/")
    assert schedule(code, 20) == by_step


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_the_shell_understands_its_blocks(block: Block) -> None:
    done = subprocess.run(["sh", "-n"], input=block.code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.code)


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_yaml_is_yaml(block: Block) -> None:
    assert [part for part in yaml.safe_load_all(block.code) if part]


UNITS = [block for block in blocks("ini") if block.code.startswith("[")]
VARIABLES = [*blocks("env"), *(block for block in blocks("ini") if not block.code.startswith("["))]


@pytest.mark.parametrize("block", UNITS, ids=str)
def test_units_are_units(block: Block) -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(block.code)
    assert parser.sections()


@pytest.mark.parametrize("block", VARIABLES, ids=str)
def test_variables_are_settings(block: Block) -> None:
    lines = [line for line in block.code.splitlines() if line and not line.startswith(("#", " "))]
    assert lines and [line for line in lines if not known(line.partition("=")[0].strip())] == []


@pytest.mark.parametrize("block", blocks("caddyfile"), ids=str)
def test_caddy_takes_its_file(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "Caddyfile"
    file.write_text(block.code)
    done = subprocess.run(
        [BINARY, "adapt", "--config", str(file), "--adapter", "caddyfile"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks("nginx"), ids=str)
def test_the_blocks_of_nginx_are_closed(block: Block) -> None:
    """Each line opens, closes or ends, and as many close as open; nginx itself needs certificates to look further."""
    lines = [line.strip() for line in block.code.splitlines() if line.strip()]
    assert [line for line in lines if line[-1] not in "{};"] == []
    assert block.code.count("{") == block.code.count("}")


def known(name: str) -> bool:
    settings = settings_read()
    return name in settings or name.removesuffix("_FILE") in settings


@named
def test_every_setting_it_names_is_one(page: Page) -> None:
    shown = re.findall(r"<code>([A-Z][A-Z0-9_]{2,})(?:=[^<]*)?</code>", page.html)
    assert [name for name in shown if not known(name) and name not in NO_SETTINGS] == []


@named
def test_every_command_it_names_is_one(page: Page) -> None:
    files = [path for package in PACKAGES for path in (ROOT / package / "management" / "commands").glob("*.py")]
    django = {"check", "migrate", "collectstatic", "createsuperuser", "shell", "dbshell", "showmigrations", "help"}
    commands = {path.stem for path in files} | django
    code = page.html + "".join(code for _, code in page.fences)
    assert [name for name in re.findall(r"manage\.py ([a-z_]+)", code) if name not in commands] == []
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert [
        name for name in re.findall(r"(?:^|<code>|\d )make ([a-z-]+)", code, re.MULTILINE) if name not in targets
    ] == []


@named
def test_every_file_of_the_project_it_names_is_there(page: Page) -> None:
    named_files = re.findall(r"<code>((?:config|generation|tests|\.github|templates)/[\w./-]+)</code>", page.html)
    assert [
        name for name in named_files if not any((folder / name).exists() for folder in (ROOT, ROOT / "tests"))
    ] == []
