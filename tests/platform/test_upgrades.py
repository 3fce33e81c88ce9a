"""Migrations run while the old version serves: its code shows pages and takes submissions on the new tables."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client

from accounts.models import User
from generation.audit.checks import audit
from generation.models import Album, Draft, GeneratedImage, Job
from tests.architecture.sources import ROOT
from tests.faults.asking import Program
from tests.forking import Process
from tests.gallery.conftest import Publish, finish, publish, send_in, weights
from tests.generation.conftest import Draw, draw_next
from tests.journeys.site import Site

__all__ = ["finish", "publish", "send_in", "weights"]

BEFORE = "893997470c84698537a8e64037523f900aa3ccd4"
"""The last landed version. Whoever lands a migration that no older code can live with takes two steps instead: first
one that both can, in the next version what only the new code needs."""
LEFT_OUT = (":(exclude)generation/bundled", ":(exclude)tests")
PAGES = (
    "/", "/status/", "/loras/", "/checkpoints/", "/gallery/", "/gallery/{post}/", "/by/alice/", "/create/", "/images/",
    "/images/{image}/", "/albums/", "/account/", "/studio/", "/notifications/", "/collections/",
    "/accounts/password/change/",
)  # fmt: skip


def git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)


@pytest.fixture(scope="module")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old version's files, with the weights that come along today."""
    if git("cat-file", "-e", f"{BEFORE}^{{commit}}").returncode:
        pytest.skip(
            f"This clone has no commit {BEFORE[:8]}: it was made without its history (`git fetch --unshallow`)."
        )
    folder = tmp_path_factory.mktemp("before")
    done = git("archive", BEFORE, "--", ".", *LEFT_OUT)
    assert done.returncode == 0, done.stderr
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        tar.extractall(folder, filter="data")
    (folder / "generation" / "bundled").symlink_to(ROOT / "generation" / "bundled")
    return folder


class OldSite(Site):
    """A site whose processes run the old code, on the database of this test."""

    code: Path

    def start(self, name: str, module: str, *arguments: str, fresh: bool = True) -> Process:
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", module, *arguments]
            return subprocess.Popen(command, cwd=self.code, env=self.env, stdout=log, stderr=subprocess.STDOUT)


class Visitor:
    """Somebody at the old site, signed in by a cookie of the new one."""

    def __init__(self, address: str, client: Client) -> None:
        self.address = address
        cookie = client.cookies[site.SESSION_COOKIE_NAME].value
        self.headers = {"Cookie": f"{site.SESSION_COOKIE_NAME}={cookie}; csrftoken={'a' * 32}"}

    def get(self, path: str) -> int:
        return self.ask(path)

    def post(self, path: str, **fields: object) -> int:
        return self.ask(path, urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": "a" * 32}).encode())

    def ask(self, path: str, data: bytes | None = None) -> int:
        """The status, after redirects."""
        try:
            request = urllib.request.Request(f"{self.address}{path}", data, self.headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code


@pytest.fixture
def old_site(transactional_db: None, old_code: Path, tmp_path: Path, settings: Any) -> Iterator[OldSite]:
    folder = tmp_path / "old"
    folder.mkdir()
    settings.MEDIA_ROOT = folder / "media"
    OldSite.code = old_code
    running = OldSite(folder, with_worker=False)
    try:
        running.until_ready()
        yield running
    finally:
        running.stop()


@pytest.mark.slow
def test_the_old_version_serves_on_the_new_tables(
    old_site: OldSite, alice: User, draw: Draw, publish: Publish, signed_in: Callable[[User], Client]
) -> None:
    post, image = publish(alice), draw(alice)
    visitor, program = Visitor(old_site.address, signed_in(alice)), Program(alice, old_site.address)
    codes = {"post": post.code, "image": image.code}
    # Posts of a test are made without their jobs' credits.
    found_before = list(audit())
    answers = {page: visitor.get(page.format(**codes)) for page in PAGES}
    assert answers == dict.fromkeys(PAGES, 200), old_site.logs()

    # Rows that the old code writes, of the columns that it knows.
    assert visitor.post("/create/", prompt="a green apple", count=2, steps=4, width=128, height=128) == 200
    assert visitor.post("/create/draft/", prompt="a draft") in (200, 204)
    assert visitor.post("/albums/", title="Apples") == 200
    made = program.make()
    assert made.status == 202, made.body
    assert Job.objects.queued().count() == 3 and Album.objects.get().title == "Apples"
    assert Draft.objects.filter(owner=alice).exists()

    # A worker of the new version draws them, and the old one shows them.
    before = GeneratedImage.objects.count()
    while draw_next():
        pass
    assert GeneratedImage.objects.count() == before + 3
    for each in GeneratedImage.objects.order_by("-pk")[:3]:
        assert visitor.get(f"/images/{each.code}/") == visitor.get(f"/images/{each.code}/file") == 200
    (job,) = made.body["jobs"]
    assert program.get(f"jobs/{job['code']}").body["state"] == "done"
    assert list(audit()) == found_before
