"""The page of ControlNets: what one may use, and which of the two selects what is clicked."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from tests.generation.catalog.test_controlnets import annotator, controlnet

URL = "/controlnets/"


def test_it_works(client: Client, alice: User, db: None) -> None:
    controlnet("edges", "sd1")
    controlnet("mine", "sd1", owner=alice, is_public=False)
    page = client.get(URL).content.decode()
    assert "Edges" in page and "SD 1.5" in page and "Mine" not in page
    assert "Canny edges" in page and "GrabCut" in page


def test_an_owner_sees_their_own(alices: Client, alice: User) -> None:
    controlnet("mine", "sd1", owner=alice, is_public=False)
    assert "Mine" in alices.get(URL).content.decode()


def test_networks_of_the_site_are_named(client: Client, db: None) -> None:
    annotator("far-and-near", "depth")
    annotator("segment-anything", "segment")
    page = client.get(URL).content.decode()
    assert "Far-And-Near" in page and "selected by Segment-Anything" in page and "GrabCut" not in page


def test_without_any_it_says_how_they_come(client: Client, db: None) -> None:
    assert "No ControlNets yet" in client.get(URL).content.decode()
