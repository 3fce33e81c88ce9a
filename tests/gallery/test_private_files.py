"""Private means private: the files of what is not public are their owner's alone, at once and in no cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from config.deletion import leave
from gallery.collecting import make_collection
from gallery.models import Post, Release
from gallery.moderation import reject, report, take_down
from gallery.publishing import withdraw_post
from gallery.releasing import withdraw_release
from generation.jobs.deletion import delete_images
from tests.architecture.access_table import TABLE
from tests.architecture.access_things import own_lora, release
from tests.conftest import join
from tests.gallery.conftest import Finish, Publish

PRIVATE = "private, no-store"
PUBLIC_FILES = ("picture", "thumbnail", "thumbnail/320", "thumbnail/1280")


@pytest.fixture
def others(client: Client, charlies: Client, bobs: Client) -> list[Client]:
    return [client, charlies, bobs]


def files_of(post: Post) -> Iterator[str]:
    """Every address of a post's picture, whatever its size and format."""
    assert post.image is not None
    yield from (f"/gallery/{post.code}/{name}" for name in PUBLIC_FILES)
    yield from own_files_of(post.image.code)


def own_files_of(code: str) -> Iterator[str]:
    yield from (f"/images/{code}/{name}" for name in ("file", "thumbnail"))
    yield from (f"/images/{code}/download/{name}" for name in ("png", "jpeg", "webp"))
    yield f"/api/v1/images/{code}/file/png"


def hide(post: Post) -> None:
    for number in range(settings.REPORTS_TO_HIDE):
        report(join(f"person{number}"), post, "sexual")
    post.refresh_from_db()
    assert post.state == Post.State.HIDDEN


def unpublish(post: Post, how: str, bob: User) -> None:
    verbs: dict[str, Callable[[], object]] = {
        "withdrawn": lambda: withdraw_post(post.author, post),
        "taken_down": lambda: take_down(bob, post, "No."),
        "hidden": lambda: hide(post),
        "left": lambda: leave(post.author),
        "rejected": lambda: reject(bob, post, "No."),
        "pending": lambda: None,
        "deleted": lambda: delete_images(post.author, [post.image.code if post.image else ""]),
    }
    verbs[how]()


@pytest.mark.parametrize("how", ["pending", "rejected", "withdrawn", "taken_down", "hidden", "deleted"])
def test_what_is_not_public_is_its_owners_alone(
    how: str, alice: User, bob: User, alices: Client, others: list[Client], send_in: Publish, publish: Publish
) -> None:
    post = send_in(alice) if how in ("pending", "rejected") else publish(alice)
    etags = {path: alices.get(path).headers.get("ETag", "") for path in files_of(post)}
    unpublish(post, how, bob)
    for path, etag in etags.items():
        for other in others:
            first = other.get(path)
            assert first.status_code in (302, 401, 404), path
            assert first.status_code == 302 or first.headers["Cache-Control"] == PRIVATE, path
            refused = other.get(path, headers={"If-None-Match": etag}, follow=True)
            assert not refused.headers["Content-Type"].startswith("image/"), path
        own = alices.get(path)
        assert own.status_code == (404 if how == "deleted" else 200), path
        assert how == "deleted" or own.headers["Cache-Control"] == PRIVATE, path


@pytest.mark.parametrize("how", ["withdrawn", "taken_down", "hidden", "deleted", "left"])
def test_what_was_public_is_gone_for_everybody_at_once(
    how: str, alice: User, bob: User, others: list[Client], publish: Publish
) -> None:
    """A cache between that has the file asks whether it still may send it, and is told no."""
    post = publish(alice)
    paths = [f"/gallery/{post.code}/{name}" for name in PUBLIC_FILES]
    shown = {path: others[0].get(path) for path in paths}
    for answer in shown.values():
        assert answer.headers["Cache-Control"] == "public, max-age=60, s-maxage=0, proxy-revalidate"
    unpublish(post, how, bob)
    for path in paths:
        for other in others:
            answer = other.get(path, headers={"If-None-Match": shown[path].headers["ETag"]})
            assert (answer.status_code, answer.headers["Cache-Control"]) == (404, PRIVATE)


@pytest.mark.parametrize("how", ["withdrawn", "taken_down"])
def test_pictures_of_a_release(
    how: str, alice: User, bob: User, alices: Client, others: list[Client], finish: Finish
) -> None:
    made: Release = release(alice, own_lora(alice, "f"), finish(alice), "approved")
    path = f"/releases/{made.code}/samples/0"
    assert [other.get(path).status_code for other in others] == [200, 200, 200]
    if how == "withdrawn":
        withdraw_release(alice, made)
    else:
        take_down(bob, made, "No.")
    answers = [other.get(path) for other in others]
    assert [(answer.status_code, answer.headers["Cache-Control"]) for answer in answers] == [(404, PRIVATE)] * 3
    assert alices.get(path).headers["Cache-Control"] == PRIVATE


@pytest.mark.parametrize("how", ["withdrawn", "taken_down", "hidden", "deleted", "left"])
def test_nothing_leads_to_a_post_that_is_gone(
    how: str, alice: User, bob: User, charlie: User, charlies: Client, publish: Publish
) -> None:
    """Whatever address of it the access table knows: its page, its files, its comments and all that is done to it."""
    post = publish(alice)
    unpublish(post, how, bob)
    named = {"post": post.code, "collection": make_collection(charlie, "Apples").code}
    rows = [row for row in TABLE.values() if "{post}" in row.path]
    assert len(rows) > 10
    for row in rows:
        for method in row.methods:
            kind = "application/json" if row.path.startswith("api/") else "application/x-www-form-urlencoded"
            answer = charlies.generic(method, f"/{row.path.format(**named)}", content_type=kind)
            # To take it out of one's own collection may be asked of anything.
            gone = 204 if method == "DELETE" and "{collection}" in row.path else 404
            assert answer.status_code == gone, f"{method} {row.path}"


@pytest.mark.parametrize("how", ["withdrawn", "deleted"])
@pytest.mark.parametrize("what", ["post", "release"])
def test_a_moderators_look_stays_in_no_cache_and_ends(
    what: str, how: str, bobs: Client, others: list[Client], alice: User, finish: Finish, send_in: Publish
) -> None:
    thing: Post | Release
    if what == "post":
        thing = send_in(alice)
        image, withdraw = thing.image, partial(withdraw_post, alice, thing)
    else:
        image = finish(alice)
        thing = release(alice, own_lora(alice, "f"), image, "pending")
        withdraw = partial(withdraw_release, alice, thing)
    path = f"/admin/gallery/{what}/{thing.pk}/picture/"
    for each in (path, f"{path}?full=1", f"{path}?place=0"):
        assert {"private", "no-store"} <= set(bobs.get(each).headers["Cache-Control"].split(", "))
    assert image is not None
    if how == "withdrawn":
        withdraw()
    else:
        delete_images(alice, [image.code])
    for client in (bobs, *others):
        assert not client.get(path, follow=True).headers["Content-Type"].startswith("image/")
