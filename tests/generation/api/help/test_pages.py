"""The API's help pages tell what is true: the tables that views go by, and programs that run as they stand."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from generation.api.a1111.fields import UNUSED, USED
from generation.api.a1111.options import ABOUT
from generation.api.a1111.scripts import SCRIPTS
from generation.api.help.guides import GUIDES
from generation.api.help.pages import SNIPPETS, snippet
from generation.models import Checkpoint
from tests.generation.api.a1111.conftest import catalog, new_program, program
from tests.generation.api.a1111.test_credentials import basic

__all__ = ["catalog", "new_program", "program"]
pytestmark = pytest.mark.usefixtures("db")


def words_of(client: Client, name: str) -> str:
    """The page without its markup."""
    page = client.get(f"/help/api/{name}/")
    assert page.status_code == 200
    return html.unescape(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2].partition("</main>")[0]))


def test_the_list_leads_to_every_guide(client: Client) -> None:
    page = client.get("/help/api/").text
    for guide in GUIDES:
        assert f'href="/help/api/{guide.name}/"' in page and guide.title in html.unescape(page)
        assert guide.title in words_of(client, guide.name)
    assert client.get("/help/api/nothing/").status_code == 404
    assert client.post("/help/api/").status_code == 405


@pytest.mark.parametrize("guide", [guide for guide in GUIDES if guide.snippet], ids=lambda guide: guide.name)
def test_the_program_is_shown_as_it_lies_in_its_file(client: Client, guide: Any) -> None:
    page = client.get(f"/help/api/{guide.name}/").text
    assert snippet(guide.snippet) in html.unescape(page)


def test_every_program_is_shown() -> None:
    assert {path.name for path in SNIPPETS.iterdir()} == {guide.snippet for guide in GUIDES} - {""}


def test_every_field_stands_in_the_table(client: Client) -> None:
    page = words_of(client, "a1111")
    for name, words in {**USED, **ABOUT, **{name: each.why for name, each in UNUSED.items()}}.items():
        assert re.search(rf"\b{name}\s+{re.escape(words)}", page), name
    for script in SCRIPTS:
        assert re.search(rf"{re.escape(script.title)}\s+{script.fate}\s+{re.escape(script.why)}", page)


def test_the_settings_of_sillytavern_can_be_typed(alices: Client, program: Any, catalog: Checkpoint) -> None:
    """As they stand, but for the token: it sets the path of the address, and sends the rest as Basic."""
    page = alices.get("/help/api/sillytavern/").text
    url, auth = (re.search(rf'id="sillytavern-{name}">([^<]+)<', page) for name in ("url", "auth"))
    assert url and auth and url[1] == settings.SITE_URL
    name, _, password = auth[1].replace("tmp_…", program.key).partition(":")
    header = {"Authorization": basic(name, password)}
    assert Client(headers=header).get("/sdapi/v1/options").status_code == 200


def test_guests_see_where_their_name_stands(client: Client) -> None:
    assert "your-name:tmp_…" in words_of(client, "sillytavern")
