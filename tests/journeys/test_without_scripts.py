"""Without JavaScript: pictures are made, a training is ended after a question, and pages say what they cannot do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from generation.models import TrainingRun
from tests.generation.web.studio.studio_things import learned, run_of
from tests.journeys.test_making import DONE, SignIn


@pytest.fixture
def page(site: object, alice: User, sign_in: SignIn) -> Page:
    return sign_in(alice, java_script_enabled=False)


def test_a_picture_is_waited_for_by_looking_again(page: Page) -> None:
    page.fill("[name=prompt]", "a red apple")
    page.click("[data-make]")
    expect(page.locator(".tile").first).to_be_visible()
    for _ in range(600):
        again = page.get_by_role("link", name="Look again")
        if not again.count():
            break
        again.click()
        page.wait_for_timeout(500)
    expect(page.locator(DONE).first).to_be_visible()


def test_a_training_is_ended_after_a_question_on_a_page(page: Page, alice: User) -> None:
    run = learned(run_of(alice, state="paused"))
    home = f"/studio/runs/{run.code}/"
    page.goto(home)
    expect(page.get_by_role("link", name="Look again")).to_be_visible()
    page.get_by_role("link", name="Stop and keep").click()
    expect(page.get_by_role("heading", name="Stop here and keep it?")).to_be_visible()
    page.get_by_role("link", name="Let it go on").click()
    page.wait_for_url(f"**{home}")
    page.get_by_role("link", name="Discard", exact=True).click()
    page.get_by_role("button", name="Discard the training").click()
    page.wait_for_url(f"**{home}")
    expect(page.locator(".page-head .badge")).to_have_text("Discarded")
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete the training").click()
    page.wait_for_url("**/studio/")
    assert not TrainingRun.objects.exists()


def test_pages_that_need_scripts_say_so(page: Page) -> None:
    page.goto("/api/docs/")
    # Of what stands in <noscript> only elements are found, not its text.
    page.get_by_role("link", name="the same description as a file").click(trial=True)
