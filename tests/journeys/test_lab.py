"""The lab in a browser: the price is told, cells appear one by one, the whole is one picture; merges are listed."""

from __future__ import annotations

import pytest
from django.db import transaction
from playwright.sync_api import expect

from accounts.models import User
from generation.jobs.grids.submission import submit_grid
from generation.models import LabGrid, Lora
from generation.recipes.grids.axes import Axis
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe
from tests.journeys.test_making import SignIn


def test_the_way_between_two_seeds_is_a_film_that_plays(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    page.goto("/studio/lab/?mode=between")
    page.fill("[name=prompt]", "a red apple")
    expect(page.locator("[name=other_seed]")).to_be_visible()
    page.select_option("[name=way]", "pictures")
    expect(page.locator("[name=other_seed]")).to_be_hidden()
    expect(page.locator("[name=second_picture]")).to_be_visible()
    page.select_option("[name=way]", "seeds")
    page.fill("[name=frames]", "3")
    page.click("#lab details:has([name=steps]) > summary")
    page.fill("[name=steps]", "4")
    page.click("#lab button[type=submit]")
    page.wait_for_url("**/studio/lab/grids/*/")
    expect(page.locator("video")).to_have_js_property("videoWidth", 128)
    expect(page.get_by_role("link", name="Animated WebP")).to_be_visible()


@pytest.mark.slow
def test_a_mixture_fills_in_and_becomes_one_picture(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    page.goto("/studio/lab/")
    page.fill("[name=prompt]", "a red apple")
    page.click("label[for=mix-fluent-3d]")
    expect(page.locator("[data-dear]")).to_contain_text("Choose two")
    page.click("label[for=mix-line-art]")
    page.fill("[name=points]", "3")
    page.click("#lab details:has([name=steps]) > summary")
    page.fill("[name=steps]", "4")
    expect(page.locator("#lab button[type=submit]")).to_contain_text("Draw 3")
    expect(page.locator("#lab [data-price]")).to_have_text("3")
    page.click("#lab button[type=submit]")
    page.wait_for_url("**/studio/lab/grids/*/")
    expect(page.locator(".tile[data-state=done]")).to_have_count(3)
    expect(page.locator("#grid-head")).to_contain_text("As one picture")
    page.click("text=As one picture")
    page.wait_for_url("**/images/*/")
    assert page.evaluate("document.querySelector('.viewer__ground img').naturalWidth") > 3 * 128
    page.go_back()
    page.click("text=Use again")
    expect(page.locator("[name=mix]:checked")).to_have_count(2)
    assert page.input_value("[name=seed]") == str(LabGrid.objects.get().plan.recipe.seed)


def test_a_cancelled_cell_says_so_though_the_live_line_is_silent(
    site: object, alice: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody tells the worker, so the cells stay in line.
    monkeypatch.setattr(transaction, "on_commit", lambda *_, **__: None)
    grid = submit_grid(alice, GridPlan(Recipe("an apple", width=128, height=128, seed=7), (Axis.read("steps", "4-6"),)))
    page = sign_in(alice)
    page.route_web_socket("**/ws/jobs/", lambda _: None)
    page.goto(f"/studio/lab/grids/{grid.code}/")
    last = page.locator(".tile").last
    last.hover()
    last.locator("[data-cancel]").click()
    expect(page.locator(".tile[data-state=cancelled]")).to_have_count(1)
    expect(page.locator("#grid-head")).to_contain_text("1 of 3")


def test_a_comparison_says_what_is_wrong(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    page.goto("/studio/lab/")
    page.click("text=Compare")
    expect(page.locator("[name=y_field] option").first).to_have_text("Nothing")
    page.select_option("[name=x_field]", "steps")
    expect(page.locator("[data-axis] p[data-hint]").first).to_contain_text("ranges")
    page.fill("[name=x_values]", "some")
    expect(page.locator("[data-dear]")).to_contain_text("neither a number nor a range")
    page.fill("[name=x_values]", "2-4")
    expect(page.locator("#lab button[type=submit]")).to_contain_text("Draw 3")


def test_two_loras_become_one(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    page.goto("/studio/lab/merge/?merge=fluent-3d&merge=line-art")
    page.fill("[name=title]", "Ink and plastic")
    page.click("main button:has-text('Merge')")
    expect(page.locator(".merges .badge--ok")).to_be_visible()
    page.click(".merges a")
    page.wait_for_url("**/loras/ink-and-plastic/")
    expect(page.locator("main")).to_contain_text("Merged from")
    assert Lora.objects.get(owner=alice).parents.count() == 2
