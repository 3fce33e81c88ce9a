"""A person takes a copy of all they keep, deletes their account, and takes it back."""

from __future__ import annotations

import zipfile

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.conftest import PASSWORD
from tests.gallery.conftest import Finish, Publish, finish, publish, send_in, weights
from tests.journeys.test_making import SignIn

__all__ = ["finish", "publish", "send_in", "weights"]


def show_that_it_is_her(page: Page) -> None:
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")


def test_a_copy_is_made_and_downloaded(site: object, alice: User, finish: Finish, sign_in: SignIn) -> None:
    image = finish(alice)
    page = sign_in(alice)
    page.goto("/account/")
    page.get_by_role("link", name="Get a copy").click()
    page.get_by_role("button", name="Make a copy").click()
    expect(page.get_by_role("heading", name="Your copy is ready")).to_be_visible()
    page.get_by_role("link", name="Download the copy").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    with page.expect_download() as download:
        show_that_it_is_her(page)
    assert download.value.suggested_filename.startswith("tempera-")
    with zipfile.ZipFile(download.value.path()) as copy:
        assert copy.testzip() is None and f"pictures/{image.code}.png" in copy.namelist()


def test_an_account_is_deleted_and_taken_back(site: object, alice: User, publish: Publish, sign_in: SignIn) -> None:
    post = publish(alice)
    page = sign_in(alice, java_script_enabled=False)
    page.goto("/account/")
    page.get_by_role("link", name="Delete the account").click()
    show_that_it_is_her(page)
    expect(page.get_by_role("heading", name="What stays")).to_be_visible()
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account is closed")).to_be_visible()
    answer = page.goto(f"/gallery/{post.code}/thumbnail")
    assert answer is not None and answer.status == 404
    page.goto("/accounts/login/")
    page.fill("[name=login]", alice.username)
    show_that_it_is_her(page)
    expect(page.get_by_role("heading", name="Take your account back?")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    page.fill("[name=login]", alice.username)
    show_that_it_is_her(page)
    page.wait_for_url("**/create/")
