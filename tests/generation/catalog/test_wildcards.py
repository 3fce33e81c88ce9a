"""Wildcard lists: the site's and people's own, in prompts, on the page, over the API, from files and in the admin."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.refusals import Conflict, QuotaExceeded, Refusal
from generation.catalog import wildcards
from generation.catalog.inspecting import inspect_prompt
from generation.catalog.resolving import lists_for
from generation.catalog.wildcards import save_list
from generation.jobs.submission import submit_jobs
from generation.models import Checkpoint, Wildcard
from generation.prompting import expand
from generation.recipes.picture import Recipe


def made(user: User, prompt: str) -> str:
    return submit_jobs(user, Recipe(prompt, width=128, height=128, steps=4, seed=1))[0].recipe.prompt


def test_a_prompt_draws_from_ones_own_list(alice: User, charlie: User, catalog: Checkpoint) -> None:
    save_list(alice, "animals/birds", "# of the garden\ncrow\n\n")
    assert made(alice, "a __animals/birds__") == "a crow"
    assert made(alice, "a __animals/*__") == "a crow"
    found = inspect_prompt(charlie, "a __animals/birds__", checkpoint=catalog, steps=4).prompt
    assert [each.code for each in found.errors] == ["wildcard-unknown"]


def test_ones_own_list_comes_before_the_sites(alice: User, charlie: User) -> None:
    save_list(None, "color", "red")
    save_list(alice, "color", "blue")
    assert (lists_for(alice), lists_for(charlie)) == ({"color": ["blue"]}, {"color": ["red"]})
    assert lists_for(User()) == {"color": ["red"]}
    Wildcard.objects.update(is_enabled=False)
    assert lists_for(alice) == {}


@pytest.mark.parametrize("name", ["a", "animals/birds", "my-list_2.x", "ü/墨", "__color__", "a/b/c", "a.b"])
def test_a_name_that_is_taken_can_be_written(alice: User, name: str) -> None:
    row = save_list(alice, name, "x")
    assert expand(f"__{row.name}__", 1, lists_for(alice)) == "x"


@pytest.mark.parametrize("name", ["", "a b", "a__b", "_a", "a/", "/a", "a*", "x" * 101, "a\x00b", "{a}", "-"])
def test_a_name_that_no_prompt_could_say_is_refused(alice: User, name: str) -> None:
    with pytest.raises(Refusal) as refused:
        save_list(alice, name, "x")
    assert (refused.value.code, refused.value.field) == ("bad-name", "name")


@pytest.mark.parametrize(
    ("lines", "code"),
    [("", "empty-list"), ("# only\n\n", "empty-list"), ("a\x00", "bad-character"), ("a\n" * 5_001, "list-too-long"),
     ("x" * 200_001, "list-too-long")],
)  # fmt: skip
def test_lines_that_cannot_be_are_refused(alice: User, lines: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        save_list(alice, "a", lines)
    assert (refused.value.code, refused.value.field) == (code, "lines")


def test_two_lists_of_one_name_are_refused(alice: User, charlie: User) -> None:
    save_list(alice, "a", "x")
    save_list(charlie, "a", "y")
    save_list(None, "a", "z")
    for owner in (alice, None):
        with pytest.raises(Conflict):
            save_list(owner, "a", "x")


def test_lists_are_bounded(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wildcards, "MAX_LISTS", 1)
    row = save_list(alice, "a", "x")
    with pytest.raises(QuotaExceeded):
        save_list(alice, "b", "x")
    assert save_list(alice, "b", "y", row).name == "b"


def test_the_page_makes_changes_and_deletes(alices: Client, alice: User, charlies: Client) -> None:
    save_list(None, "site/list", "of all")
    refused = alices.post("/wildcards/", {"name": "a b", "lines": "x"})
    assert refused.status_code == 400 and "single underscores" in refused.text
    assert alices.post("/wildcards/", {"name": "animals/birds", "lines": "crow\r\njay"}).status_code == 302
    page = alices.get("/wildcards/").text
    assert "__animals/birds__" in page and "2 lines" in page and "__site/list__" in page
    address = "/wildcards/animals/birds/"
    assert "crow" in alices.get(address).text
    assert alices.post(address, {"name": "birds", "lines": "jay"}).status_code == 302
    assert list(Wildcard.objects.filter(owner=alice).values_list("name", "lines")) == [("birds", "jay")]
    for answer in (charlies.get("/wildcards/birds/"), charlies.post("/wildcards/-/delete/birds/")):
        assert answer.status_code == 404
    assert "__birds__" not in charlies.get("/wildcards/").text
    assert alices.post("/wildcards/-/delete/birds/").status_code == 302
    assert not Wildcard.objects.filter(owner=alice).exists()
    assert alices.get("/wildcards/site/list/").status_code == 404


def test_the_api_makes_changes_and_deletes(alices_api: APIClient, alice: User) -> None:
    url = "/api/v1/wildcards"
    made: Any = alices_api.post(url, {"name": "animals/birds", "lines": "crow\njay"}, format="json")
    assert made.status_code == 201 and made["Location"] == f"{url}/animals/birds"
    assert made.json() == {"name": "animals/birds", "lines": "crow\njay", "is_mine": True}
    assert alices_api.post(url, {"name": "animals/birds", "lines": "x"}, format="json").status_code == 409
    save_list(None, "site", "of all")
    assert {row["name"]: row["is_mine"] for row in alices_api.get(url).json()["results"]} == {
        "animals/birds": True,
        "site": False,
    }
    changed = alices_api.patch(f"{url}/animals/birds", {"lines": "jay"}, format="json").json()
    assert (changed["name"], changed["lines"]) == ("animals/birds", "jay")
    assert alices_api.patch(f"{url}/site", {"lines": "mine"}, format="json").status_code == 404
    assert alices_api.delete(f"{url}/animals/birds").status_code == 204
    assert alices_api.get(f"{url}/animals/birds").status_code == 404


def test_the_create_page_offers_them_once(alices: Client, alice: User, catalog: Checkpoint) -> None:
    save_list(None, "color", "red")
    save_list(alice, "color", "blue")
    assert alices.get("/create/names/").json()["wildcard"] == [{"name": "color"}]


def test_files_become_lists_of_the_site(db: None, tmp_path: Path) -> None:
    (tmp_path / "animals").mkdir()
    (tmp_path / "animals" / "birds.txt").write_text("crow\n2::jay\n", "utf-8-sig")
    (tmp_path / "bad name.txt").write_text("x")
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    (tmp_path / "empty.txt").write_text("# nothing\n")

    def imported() -> str:
        out = io.StringIO()
        call_command("import_wildcards", str(tmp_path), stdout=out)
        return out.getvalue()

    said = imported()
    assert "animals/birds.txt is now the list __animals/birds__" in said
    assert "latin.txt is refused: it is not UTF-8" in said
    assert said.rstrip().endswith("1 added, 3 refused")
    assert Wildcard.objects.get().choices == ["crow", "2::jay"]
    Wildcard.objects.update(is_enabled=False)
    (tmp_path / "animals" / "birds.txt").write_text("jay\n")
    assert "1 updated, 3 refused" in imported()
    row = Wildcard.objects.get()
    assert (row.choices, row.is_enabled, row.owner) == (["jay"], False, None)
    assert "1 unchanged" in imported()


def test_a_folder_that_is_none_is_said(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("import_wildcards", str(tmp_path / "no"))


def test_the_admin_takes_names_with_folders_and_refuses_others(admin_client: Client) -> None:
    values = {"name": "animals/birds", "lines": "crow", "is_enabled": "on", "owner": ""}
    assert admin_client.post("/admin/generation/wildcard/add/", values).status_code == 302
    assert Wildcard.objects.get().name == "animals/birds"
    for wrong in ({"name": "a b"}, {"name": "b", "lines": "# nothing"}, {}):
        answer = admin_client.post("/admin/generation/wildcard/add/", {**values, **wrong})
        assert answer.status_code == 200 and answer.context["adminform"].form.errors
    assert Wildcard.objects.count() == 1
