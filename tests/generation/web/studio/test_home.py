"""The studio's front page: an invitation while it is empty, then trainings and data sets of one's own."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from generation.models import DataSet
from generation.web.studio.home import RUNS_A_PAGE
from tests.generation.web.studio.studio_things import MakeDataSet, dataset, learned, make_dataset, own_media, run_of

__all__ = ["dataset", "make_dataset", "own_media"]


def test_it_invites(alices: Client) -> None:
    page = alices.get("/studio/")
    assert "Nine pictures are enough" in page.text
    assert 'href="/studio/datasets/new/"' in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


def test_it_shows_what_is_there(alices: Client, alice: User, dataset: DataSet) -> None:
    run = learned(run_of(alice, dataset, state="running"))
    page = alices.get("/studio/").text
    assert f"/studio/runs/{run.code}/" in page and "1,500 of 2,500 steps · 75 s left" in page
    assert f"/studio/datasets/{dataset.code}/" in page and page.count("/thumbnail") == 4


def test_older_trainings_are_a_page_away(alices: Client, alice: User, dataset: DataSet) -> None:
    runs = [run_of(alice, dataset, state="done") for _ in range(RUNS_A_PAGE + 1)]
    newest = alices.get("/studio/")
    assert f"/studio/runs/{runs[-1].code}/" in newest.text and f"/studio/runs/{runs[0].code}/" not in newest.text
    older = alices.get(newest.context["page"].older_url)
    assert f"/studio/runs/{runs[0].code}/" in older.text and f"/studio/runs/{runs[-1].code}/" not in older.text


def test_charlie_sees_nothing_of_it(charlies: Client, alice: User, make_dataset: MakeDataSet) -> None:
    run_of(alice, make_dataset(alice, 3))
    assert "Nine pictures are enough" in charlies.get("/studio/").text


def test_strangers_are_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/studio/").headers["Location"] == "/accounts/login/?next=/studio/"


def test_the_frame_leads_there(alices: Client) -> None:
    assert alices.get("/create/").text.count('href="/studio/"') == 2
