"""What people complain of: reports that hide a picture and an appeal that brings it back; a notice and its deadline."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from gallery.models import Notice, Post
from gallery.moderation import report
from tests.conftest import join
from tests.gallery.conftest import Publish, dora, finish, publish, send_in, weights
from tests.journeys.site import Site
from tests.journeys.test_making import SignIn
from tests.journeys.test_sharing import DESK

__all__ = ["dora", "finish", "publish", "send_in", "weights"]


def status_of(page: Page, address: str) -> int:
    answer = page.goto(address)
    assert answer is not None
    return answer.status


def mails(site: Site) -> str:
    """What a site without a mail server wrote into its log instead of sending it."""
    return (site.folder / "web.log").read_text(errors="replace")


def open_first_case(desk: Page, title: str) -> None:
    desk.goto(DESK)
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    expect(desk.locator(".desk__about h2")).to_contain_text(title)
    desk.wait_for_load_state()  # its keys are heard from then on


def decide(desk: Page, key: str, reason: str) -> None:
    """A decision that has to say why, by keys."""
    desk.keyboard.press(key)
    desk.keyboard.type(reason)
    desk.keyboard.press("Enter")
    expect(desk.locator(".desk__about")).to_have_count(0)


def test_reports_hide_a_picture_and_an_appeal_brings_it_back(
    site: Site, alice: User, bob: User, charlie: User, dora: User, publish: Publish, sign_in: SignIn,
    new_context: Callable[..., BrowserContext],
) -> None:  # fmt: skip
    post = publish(alice, "A statue")
    address, visitor = f"/gallery/{post.code}/", new_context().new_page()
    for name in ("emil", "frida"):
        report(join(name), post, "sexual")
    assert status_of(visitor, address) == 200
    reporter = sign_in(charlie)
    reporter.goto(address)
    reporter.get_by_role("link", name="Report").click()
    reporter.get_by_label("In your words").fill("It is bare.")
    reporter.get_by_role("button", name="Sexual content").click()
    assert status_of(visitor, address) == 404

    author = sign_in(alice)
    author.locator(".bar").get_by_text("new notification").click()
    author.get_by_role("link", name="Appeal").click()
    author.get_by_label("Why is it wrong?").fill("It stands in a museum.")
    author.get_by_role("button", name="Send").click()
    expect(author.get_by_text("A moderator answers you by mail")).to_be_visible()

    desk, second = sign_in(bob), sign_in(dora)
    open_first_case(desk, "A statue")
    expect(desk.locator(".desk__about")).to_contain_text("charlie reported")
    expect(desk.locator(".desk__about")).to_contain_text("It is bare.")
    desk.goto(f"{DESK}?kind=appeal")
    desk.get_by_role("link", name="Against a decision about a picture").click()
    expect(desk.locator(".desk__about")).to_contain_text("It stands in a museum.")
    desk.wait_for_load_state()
    desk.keyboard.press("c")
    expect(desk.get_by_text("You have it in hand")).to_be_visible()
    second.goto(desk.url)
    expect(second.get_by_text("bob has it in hand")).to_be_visible()
    second.keyboard.press("a")
    second.keyboard.type("Of course.")
    second.keyboard.press("Enter")
    expect(second.get_by_text("Take another one")).to_be_visible()
    decide(desk, "a", "It is a statue.")
    expect(desk.get_by_text("Nothing here waits for you")).to_be_visible()

    assert status_of(visitor, address) == 200
    assert "You were right: the decision is undone." in mails(site)
    author.goto("/gallery/mine/")
    expect(author.locator("main")).to_contain_text("In the gallery")


def test_a_notice_is_answered_in_time(
    site: Site, alice: User, bob: User, charlie: User, publish: Publish, sign_in: SignIn,
    new_context: Callable[..., BrowserContext],
) -> None:  # fmt: skip
    post, copy, other = publish(alice, "Me", seed=5), publish(charlie, "Found", seed=5), publish(charlie, "A dog")
    sender = new_context().new_page()
    sender.goto("/gallery/")
    sender.get_by_role("link", name="Have something removed").click()
    sender.get_by_role("link", name="Ask for removal").click()
    sender.get_by_label("Where is it?").fill(f"{site.address}/gallery/{post.code}/")
    sender.get_by_label("Whom does it show").fill("It shows me; nobody asked.")
    sender.get_by_label("Your name").fill("Dora Doe")
    sender.get_by_label("Your e-mail address").fill("doe@example.net")
    sender.get_by_label("Signature").fill("Dora Doe")
    sender.get_by_label("It shows me, or somebody").check()
    sender.get_by_role("button", name="Send").click()
    notice = Notice.objects.get()
    expect(sender.locator("body")).to_contain_text(f"Your notice has the number {notice.code}")
    assert f"We have your notice {notice.code}" in mails(site)

    desk = sign_in(bob)
    desk.goto(DESK)
    expect(desk.locator("[data-case] time")).to_contain_text("1 day")
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    expect(desk.locator(".desk__about")).to_contain_text("To be answered until")
    expect(desk.locator(".desk__pictures figure")).to_have_count(2)
    loaded = "[...document.querySelectorAll('.desk__pictures img')].every((one) => one.naturalWidth)"
    desk.wait_for_function(loaded)
    desk.wait_for_load_state()
    decide(desk, "a", "It shows somebody who did not agree.")
    visitor = new_context().new_page()
    found = {each.title: status_of(visitor, f"/gallery/{each.code}/") for each in (post, copy, other)}
    assert found == {"Me": 404, "Found": 404, "A dog": 200}
    assert set(Post.objects.filter(state="taken_down")) == {post, copy}
    written = mails(site)
    for words in ("2 in all", "“Me” was removed", "“Found” was removed", f"/appeals/post/{copy.code}/"):
        assert words in written, words
    visitor.goto("/gallery/")
    visitor.get_by_role("link", name="Transparency").click()
    for row in ("Notices of intimate pictures 1", "Notices upheld 1", "Taken down 2"):
        expect(visitor.get_by_role("row", name=row)).to_be_visible()
