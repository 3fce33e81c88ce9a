"""The ASVS table of the help pages: every item of levels 1 and 2 once, each with tests that exist or a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.hashers import identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from tests.architecture.sources import ROOT
from tests.conftest import PASSWORD

PAGE = (ROOT / "templates/help/operators/asvs.md").read_text(encoding="utf-8")
LEVELS = {
    "V1": ("22", "1111122223", "112222222223", "222", "123"),
    "V2": ("122", "112", "12223", "23"),
    "V3": ("3", "113", "12223", "11222233", "11122333", "3", "22333"),
    "V4": ("12233", "23333", "22", "1222"),
    "V5": ("2", "112333", "113", "222"),
    "V6": ("122", "111111112222", "11223333", "112233", "22222333", "2223", "33", "2222"),
    "V7": ("222", "1111", "22", "11222", "223", "22"),
    "V8": ("1233", "1123", "133", "23"),
    "V9": ("111", "1222"),
    "V10": ("22", "223", "22223", "1111122222233333", "22222", "22", "222"),
    "V11": ("2233", "22233", "11233", "1222", "23", "23", "33"),
    "V12": ("12233", "11", "22223"),
    "V13": ("2333", "222223", "2233", "1222233"),
    "V14": ("22", "12223333", "122"),
    "V15": ("12233", "12233", "1222222", "3333"),
    "V16": ("2", "22222", "2222", "222", "2223"),
    "V17": ("23", "22223333", "22"),
}
"""ASVS 5.0.0: of each chapter its sections, of each section the levels of its items in order."""
REASONS = ("None here: ", "By design: ", "Yours: ", "Not met: ")
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"`([a-z0-9_/]+\.py)(?:::(test_\w+))?`")


def items() -> dict[str, str]:
    return {
        f"{chapter}.{section}.{number}": level
        for chapter, sections in LEVELS.items()
        for section, levels in enumerate(sections, 1)
        for number, level in enumerate(levels, 1)
    }


def test_the_standard_has_as_many_items() -> None:
    """70, 183 and 92 of the three levels, as the standard says."""
    assert [list(items().values()).count(level) for level in "123"] == [70, 183, 92]


def test_every_item_of_levels_1_and_2_is_there_once_and_no_other() -> None:
    rows = [(number, level) for number, level, _, _ in ROW.findall(PAGE)]
    assert rows == [(number, level) for number, level in items().items() if level != "3"]
    assert PAGE.count("\n| V") == len(rows)


def test_each_is_held_by_tests_that_exist_or_says_why_not() -> None:
    wrong = []
    for number, _, _, held in ROW.findall(PAGE):
        tests = TEST.findall(held)
        reason = next((held.removeprefix(start) for start in REASONS if held.startswith(start)), "")
        missing = [f"{file}::{name}" for file, name in tests if not exists(file, name)]
        if missing or not (tests or reason) or (not reason and not held.startswith("`")):
            wrong.append((number, missing or held))
    assert wrong == []


def exists(file: str, name: str) -> bool:
    path = ROOT / "tests" / file
    return path.is_file() and (not name or bool(re.search(rf"def {name}\(", path.read_text(encoding="utf-8"))))


@pytest.mark.django_db
def test_cookies_are_kept_from_scripts_and_other_sites(alice: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    session, token = client.cookies["sessionid"], client.cookies["csrftoken"]
    for cookie in (session, token):
        assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["domain"]


def test_signing_in_makes_a_new_session_and_signing_out_ends_it(alice: User, client: Client) -> None:
    client.get("/accounts/login/")
    client.session.save()
    before = client.session.session_key
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    during = client.cookies["sessionid"].value
    assert during != before and client.get("/account/").status_code == 200
    client.post("/accounts/logout/")
    client.cookies["sessionid"] = during
    assert client.get("/account/").status_code == 302


def test_sessions_end() -> None:
    assert not site.SESSION_SAVE_EVERY_REQUEST and site.SESSION_COOKIE_AGE == 30 * 24 * 3600
    assert site.ACCOUNT_REAUTHENTICATION_TIMEOUT == 900


@pytest.mark.parametrize("password", ["short7!", "password123", "alice-example", "1234567890123"])
def test_what_is_no_password(alice: User, password: str) -> None:
    alice.username = "alice-example"
    with pytest.raises(ValidationError):
        validate_password(password, alice)


@pytest.mark.parametrize("password", ["only small letters", "x" * 40 + "ö" * 88, " Blanks at both ends "])
def test_passwords_are_long_and_not_common_and_otherwise_free(alice: User, client: Client, password: str) -> None:
    """Those that are refused are above; of what is taken every character counts, also the last and the blanks."""
    validate_password(password, alice)
    alice.set_password(password)
    alice.save(update_fields=["password"])
    for typed, status in ((password[:-1], 200), (password.swapcase(), 200), (password, 302)):
        assert client.post("/accounts/login/", {"login": "alice", "password": typed}).status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/accounts/login/", "/accounts/signup/"])
def test_password_fields_are_masked_and_take_what_a_manager_pastes(client: Client, page: str) -> None:
    fields = re.findall(r"<input[^>]*name=\"password1?\"[^>]*>", client.get(page).text)
    assert fields and all('type="password"' in field and "onpaste" not in field for field in fields)
    assert all(re.search(r'autocomplete="(current|new)-password"', field) for field in fields)


def test_passwords_are_kept_by_argon2(settings: Any) -> None:
    assert identify_hasher(make_password(PASSWORD)).algorithm == "argon2"


@pytest.mark.django_db
def test_trace_is_not_answered(client: Client) -> None:
    assert client.trace("/").status_code == 405
