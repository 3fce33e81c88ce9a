"""A picture of each page of the gallery, its people and its moderators, light and dark, wide and narrow.

They lie in `screenshots/`; those around making and training are in `test_looks`.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from config.deletion import leave
from generation.catalog.safeguards.versions import install_shipped
from tests.conftest import PASSWORD, join
from tests.gallery.conftest import Finish, finish, weights
from tests.generation.imaging.test_pdq import scene
from tests.journeys.looks import WINDOWS, NewContext, look_at_all, picture, sign_in
from tests.journeys.looks_people import Life, encoded

__all__ = ["finish", "weights"]

PUBLIC = {
    "gallery": "/gallery/",
    "gallery-trending": "/gallery/?sort=trending",
    "gallery-top": "/gallery/?sort=top&period=week",
    "gallery-search": "/gallery/?q=boats",
    "gallery-filtered": "/gallery/?tag=sea&shape=wide&since=2026-01-01",
    "gallery-nothing": "/gallery/?q=zebra",
    "post": "/gallery/{post}/",
    "post-remix": "/gallery/{remix}/",
    "post-comments": "/gallery/{post}/comments/",
    "remixes": "/gallery/{post}/remixes/",
    "author": "/by/alice/",
    "collection-public": "/collections/{collection}/",
    "collection-by-link": "/collections/{linked}/?key={key}",
    "shared-album": "/shared/{shared}/",
    "shared-picture": "/shared/{shared}/{image}/",
    "notices": "/notices/",
    "notice-intimate": "/notices/intimate-picture/",
    "notice-illegal": "/notices/illegal-content/",
    "appeal-by-mail": "/appeals/by-mail/{token}/",
    "transparency": "/transparency/",
    "verify": "/verify/?address=/gallery/{post}/",
    "marks": "/verify/marks/",
    "problems": "/api/problems/",
    "changes": "/changes/",
}
OWN = {
    "following": "/gallery/following/",
    "post-own": "/gallery/{post}/",
    "collections": "/collections/",
    "collection": "/collections/{collection}/",
    "collection-empty": "/collections/{empty_collection}/",
    "collection-edit": "/collections/{collection}/edit/",
    "collection-delete": "/collections/{collection}/delete/",
    "collect": "/gallery/{theirs}/collect/",
    "notifications": "/notifications/",
    "sent-in": "/gallery/mine/",
    "appeal": "/appeals/post/{hidden_code}/",
    "appeal-made": "/appeals/post/{down}/",
    "report": "/gallery/{theirs}/report/",
    "comment-report": "/comments/{comment}/report/",
    "links": "/links/",
    "album-share": "/albums/{album}/share/",
    "image-share": "/images/{mine}/share/",
    "image-published": "/images/{mine}/",
    "account": "/account/",
    "account-export": "/account/export/",
    "account-viewing": "/account/viewing/",
    "account-notifications": "/account/notifications/",
}
MODERATORS = {
    "comment-remove": "/comments/{comment}/remove/",
    "desk": "/admin/gallery/claim/",
    "desk-pictures": "/admin/gallery/claim/?kind=post",
    "desk-picture": "/admin/gallery/claim/post/{waiting}/",
    "desk-hidden": "/admin/gallery/claim/post/{hidden}/",
    "desk-comment": "/admin/gallery/claim/comment/{rude}/",
    "desk-notice": "/admin/gallery/claim/notice/{notice}/",
    "desk-appeal": "/admin/gallery/claim/appeal/{appeal}/",
    "desk-safeguard": "/admin/gallery/claim/safeguard/{record}/",
    "desk-person": "/admin/gallery/claim/person/{person}/",
    "desk-ban": "/admin/gallery/claim/sanction/{ban}/",
    "moderation-posts": "/admin/gallery/post/",
    "comments-admin": "/admin/gallery/comment/?state=approved",
    "notices-admin": "/admin/gallery/notice/",
    "acts-admin": "/admin/gallery/moderationact/",
    "sanctions-admin": "/admin/gallery/sanction/",
    "appeals-admin": "/admin/gallery/appeal/",
}
OPERATORS = {
    "rules": "/admin/generation/promptrule/",
    "rule": "/admin/generation/promptrule/{rule}/change/",
    "phrases": "/admin/generation/phraselist/",
    "try": "/admin/generation/promptrule/try/",
    "safeguard-records": "/admin/generation/safeguardrecord/",
    "reasons": "/admin/gallery/managedreason/",
}


@pytest.mark.slow
def test_every_page_of_the_gallery_has_its_picture(
    site: object, alice: User, bob: User, charlie: User, finish: Finish, new_context: NewContext
) -> None:
    named = Life(finish, alice, bob, charlie).live()
    seats: list[tuple[dict[str, str], object]] = [(PUBLIC, None)]
    for pages, name in ((OWN, "alice"), (MODERATORS, "bob"), (OPERATORS, "olga")):
        context = new_context()
        sign_in(context.new_page(), name)
        seats.append((pages, context.storage_state()))
    look_at_all(new_context, tuple(seats), named)


@pytest.mark.slow
def test_what_comes_of_pressing_has_its_picture(
    site: object, alice: User, bob: User, charlie: User, finish: Finish, new_context: NewContext
) -> None:
    """What no address alone leads to: what a picture is, what rules say of a prompt, and how an account closes."""
    install_shipped()
    leave(join("greta"))
    join("olga", is_staff=True, is_superuser=True)
    wrong: list[str] = []
    for scheme, width in (("light", "1280"), ("dark", "360"), ("light", "360"), ("dark", "1280")):
        page = new_context(viewport=WINDOWS[width], color_scheme=scheme).new_page()
        wrong += verified(page, f"{scheme}-{width}")
        wrong += closed(page, f"{scheme}-{width}")
        page = new_context(viewport=WINDOWS[width], color_scheme=scheme).new_page()
        sign_in(page, "olga")
        page.goto("/account/delete/")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        expect(page.get_by_role("heading", name="What stays")).to_be_visible()
        wrong += picture(page, f"account-delete-{scheme}-{width}")
        page.goto("/admin/generation/promptrule/try/")
        page.get_by_label("Prompt", exact=True).fill("a celebrity, n u d e")
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_role("status").last).to_be_visible()
        wrong += picture(page, f"try-result-{scheme}-{width}")
    assert wrong == []


def verified(page: Page, name: str) -> list[str]:
    page.goto("/verify/")
    page.set_input_files(
        "[name=picture]", {"name": "a.png", "mimeType": "image/png", "buffer": encoded(scene(1), "PNG")}
    )
    page.get_by_role("button", name="Verify").click()
    expect(page.locator(".verify__marks")).to_be_visible()
    return picture(page, f"verify-result-{name}")


def closed(page: Page, name: str) -> list[str]:
    page.goto("/accounts/login/")
    page.fill("[name=login]", "greta")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.get_by_role("heading", name="Take your account back?")).to_be_visible()
    return picture(page, f"account-closed-{name}")
