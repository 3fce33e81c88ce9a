"""What every page of the admin has: one main landmark, a way past the navigation, and words that can be read."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from config.appearance import ADMIN

MEMBERS = reverse("admin:accounts_user_changelist")
POSTS = reverse("admin:gallery_post_changelist")
OPERATIONS = reverse("admin:generation_sitestate_changelist")
PAGES = [reverse("admin:index"), MEMBERS, f"{MEMBERS}add/", POSTS, f"{POSTS}?state=approved"]
GREYS = ("subtle", "default")
LEAST_CONTRAST = 4.5


@pytest.mark.parametrize(
    "address", [reverse("admin:index"), MEMBERS, f"{MEMBERS}add/", POSTS, f"{POSTS}?state=approved", OPERATIONS]
)
def test_one_main_landmark(admin_client: Client, address: str) -> None:
    page = admin_client.get(address).text
    assert len(re.findall(r"<main\b", page)) == 1
    main = page.split("<main")[1].split("</main>")[0]
    assert 'id="content"' in main and "nav-sidebar" not in main
    assert 'href="#content"' in page


def test_the_form_of_a_person_is_within_it(admin_client: Client, alice: User) -> None:
    page = admin_client.get(reverse("admin:accounts_user_change", args=[alice.pk])).text
    assert 'name="email"' in page.split("<main")[1].split("</main>")[0]


def test_no_two_groups_have_one_name(admin_client: Client) -> None:
    """Neither in the list of the first page nor in the menu beside it."""
    page = admin_client.get(reverse("admin:index"))
    names = [app["name"] for app in page.context["app_list"]]
    assert {"Accounts", "Email addresses"} <= {*names} and len(names) == len({*names})
    assert reverse("admin:account_emailaddress_changelist") in page.text


@pytest.mark.parametrize("grey", GREYS)
@pytest.mark.parametrize("theme, grounds", [("light", ("50", "100")), ("dark", ("900", "800"))])
def test_greys_can_be_read_on_every_ground(grey: str, theme: str, grounds: tuple[str, ...]) -> None:
    shade = ADMIN["COLORS"]["font"][f"{grey}-{theme}"].removeprefix("var(--color-base-").removesuffix(")")
    for ground in grounds:
        one, other = sorted((luminance(shade), luminance(ground)))
        assert (other + 0.05) / (one + 0.05) >= LEAST_CONTRAST, ground


def luminance(shade: str) -> float:
    """Of a grey of the palette: its lightness in oklch is the cube root of it, as near as its little colour lets it."""
    return float(ADMIN["COLORS"]["base"][shade].removeprefix("oklch(").split("%")[0]) ** 3 / 1_000_000
