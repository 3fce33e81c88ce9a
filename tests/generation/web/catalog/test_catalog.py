"""The public pages of LoRAs and checkpoints."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User
from generation.models import Checkpoint, Lora


def test_loras(client: Client, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(trigger_words=["ink <lines>"])
    page = client.get("/loras/").text
    assert "Fluent 3D" in page and "Line art" in page
    assert 'data-copy="ink &lt;lines&gt;"' in page
    assert "MIT" in page and "Mini" in page
    assert page.count("img/examples/fluent-3d/") == 3


def test_one_lora(client: Client, catalog: Checkpoint) -> None:
    page = client.get("/loras/fluent-3d/").text
    assert "/create/?lora=fluent-3d" in page
    assert "&lt;lora:fluent-3d:0.8&gt;" in page
    assert Lora.objects.get(name="fluent-3d").autov2 in page


def test_families_filter(client: Client, catalog: Checkpoint) -> None:
    Lora.objects.create(name="oil", title="Oil paint", family="sd1", path="oil.safetensors", sha256="a" * 64)
    page = client.get("/loras/?family=sd1").text
    assert "Oil paint" in page and "Fluent 3D" not in page
    assert "Fluent 3D" in client.get("/loras/?family=nonsense").text


@pytest.fixture
def three(catalog: Checkpoint, alice: User) -> None:
    """Beside the bundled ones, which nobody owns: oil paint of SD 1.5, and alice's, which is new."""
    Lora.objects.create(
        name="oil", title="Oil paint", family="sd1", path="oil.safetensors", sha256="a" * 64, downloads=7,
        description="Thick strokes", trigger_words=["impasto", "Öl"],
    )  # fmt: skip
    Lora.objects.create(name="zz", title="A new one", path="z.safetensors", sha256="f" * 64, owner=alice, family="mini")


def titles(client: Client, query: str) -> list[str]:
    return re.findall(r'<a href="/loras/[\w-]+/">([^<]+)</a>', client.get(f"/loras/{query}").text)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=OIL", ["Oil paint"]),
        ("?q=strokes+thick", ["Oil paint"]),
        ("?q=impasto", ["Oil paint"]),
        ("?q=Öl", ["Oil paint"]),
        ("?q=alice", ["A new one"]),
        ("?q=line-art", ["Line art"]),
        ("?q=oil+nothing", []),
        ("?family=sd1", ["Oil paint"]),
        ("?family=mini&q=oil", []),
    ],
)
def test_loras_are_found_by_words(client: Client, three: None, query: str, found: list[str]) -> None:
    assert titles(client, query) == found


def test_loras_are_sorted(client: Client, three: None) -> None:
    usual = titles(client, "")
    assert usual == sorted(usual) == titles(client, "?sort=nonsense")
    assert titles(client, "?sort=newest")[:2] == ["A new one", "Oil paint"]
    assert titles(client, "?sort=downloads")[0] == "Oil paint"


def test_search_order_and_family_keep_each_other(client: Client, three: None) -> None:
    page = client.get("/loras/?q=o&family=mini&sort=newest").text
    assert 'href="/loras/?q=o&amp;family=sd1&amp;sort=newest"' in page
    assert 'href="/loras/?q=o&amp;family=mini&amp;sort=downloads"' in page
    assert '<input type="hidden" name="family" value="mini">' in page and 'name="sort" value="newest"' in page
    assert "Nothing by those words" in client.get("/loras/?q=<script>").text


def test_checkpoints(client: Client, catalog: Checkpoint) -> None:
    page = client.get("/checkpoints/").text
    assert "Emoji Diffusion" in page
    one = client.get("/checkpoints/emoji-diffusion/").text
    assert "/create/?checkpoint=emoji-diffusion" in one
    assert "Fluent 3D" in one, "LoRAs that fit stand on its page"


@pytest.mark.parametrize("address", ["/loras/", "/checkpoints/"])
def test_an_empty_catalog_says_so(client: Client, db: None, address: str) -> None:
    assert "yet" in client.get(address).text


@pytest.mark.parametrize("address", ["/loras/nope/", "/checkpoints/nope/"])
def test_unknown_ones_are_404(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 404


def test_private_ones_are_their_owners(
    client: Client, alices: Client, charlies: Client, alice: User, catalog: Checkpoint
) -> None:
    Lora.objects.filter(name="fluent-3d").update(is_public=False, owner=alice)
    assert alices.get("/loras/fluent-3d/").status_code == 200
    assert charlies.get("/loras/fluent-3d/").status_code == 404
    assert client.get("/loras/fluent-3d/").status_code == 404
    assert "Fluent 3D" not in charlies.get("/loras/").text
    assert "Fluent 3D" not in charlies.get("/checkpoints/emoji-diffusion/").text
