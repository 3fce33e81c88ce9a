"""Keys in addresses: none is written to the log, of whichever route, and no route has one that nobody thought of."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
import structlog
from django.conf import settings
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.entrance_models import Invitation
from accounts.models import User
from config.secret_addresses import without_secrets

SECRET = {"key", "token", "signed", "uidb36"}
HARMLESS = {
    "app_label", "client", "code", "content_type_id", "delivery", "form", "format_name", "id", "image", "kind", "model",
    "name", "object_id", "organization_slug", "picture", "post", "prefix", "provider_id", "section", "subject", "url",
    "username", "verb",
}  # fmt: skip
"""Public names of things, and codes that are of use to their owner alone. A number is never a secret."""
OTHERWISE = {"account-token-remove": {"key"}, "invite": {"code"}}
"""Of these routes: the start of a token, which its owner reads on the page; and a code by which anybody may join."""
PARAMETER = re.compile(r"<(?!int:)(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P(<\w+>)(?:[^()\[\]]|\[[^\]]*\])*\)")


def routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    """Every address with the name of its route, as templates of one form."""
    for each in resolver.url_patterns:
        address = before + GROUP.sub(r"\1", str(each.pattern)).replace("^", "").replace("$", "")
        if isinstance(each, URLResolver):
            yield from routes(each, address)
        elif isinstance(each, URLPattern):
            yield each.name or "", f"/{address}"


def written(caplog: pytest.LogCaptureFixture) -> str:
    """What stands in the log."""
    told = settings.LOGGING["formatters"]["line"]
    shape = {name: value for name, value in told.items() if name != "()"}
    formatter = structlog.stdlib.ProcessorFormatter(**shape)
    return "\n".join(formatter.format(record) for record in caplog.records)


@pytest.mark.parametrize(
    "address",
    [
        "/shared/XYZ.s3cret/", "/shared/XYZ.s3cret/abc/picture", "/appeals/by-mail/abc:1x:s3cret/",
        "/accounts/confirm-email/MQ:1x:s3cret/", "/accounts/password/reset/key/1-abc-s3cret/", "/invite/s3cret/",
        "/v1/images/files/abc:1x:s3cret", "/collections/abc/?key=s3cret", "/account/?next=%2Finvite%2Fs3cret%2F",
        "/account/?next=%2Fcollections%2Fa%2F%3Fkey%3Ds3cret", "/accounts/oidc/sso/login/callback/?code=s3cret&state=1",
    ],
)  # fmt: skip
def test_it_is_not_in_the_log(db: None, address: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Client().get(address)
    assert "s3cret" in caplog.text  # before it is written
    assert "[removed]" in written(caplog) and "s3cret" not in written(caplog)


def test_true_links_of_mails_and_invitations(client: Client, alice: User, caplog: pytest.LogCaptureFixture) -> None:
    client.post("/accounts/password/reset/", {"email": alice.email})
    path = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert path is not None
    code = Invitation.objects.create().code
    with caplog.at_level(logging.DEBUG):
        # Not the key itself, which the site puts into the session before it shows a form.
        assert client.get(path[1], follow=True).status_code == 200
        client.get(f"/invite/{code}/")
    text = written(caplog)
    assert "GET /accounts/password/reset/key/[removed]" in text and "GET /invite/[removed]/" in text
    assert path[1].strip("/").rpartition("-")[2] not in text and code not in text


def test_nor_where_an_exception_or_a_request_is_told(caplog: pytest.LogCaptureFixture) -> None:
    log = structlog.get_logger("config.tests")
    try:
        raise ValueError("not found: /shared/XYZ.s3cret/")
    except ValueError:
        log.exception("broke", request=RequestFactory().get("/invite/s3cret/"))
        text = written(caplog)
    assert "ValueError: not found: /shared/[removed]/" in text and "/invite/[removed]/" in text and "s3cret" not in text


def test_every_route_with_a_secret_part_is_known() -> None:
    strange, shown, known = [], [], 0
    for name, address in routes(get_resolver()):
        parts = {*PARAMETER.findall(address)}
        strange += [(part, address) for part in parts - SECRET - HARMLESS]
        secret = (parts & SECRET) ^ OTHERWISE.get(name, set())
        filled = address
        for part in parts:
            filled = re.sub(rf"<(?:\w+:)?{part}>", "s3cret" if part in secret else "other", filled)
        known += bool(secret)
        if "s3cret" in without_secrets(filled):
            shown.append((name, address))
    assert (strange, shown) == ([], []) and known >= 8


def test_what_is_no_secret_stays() -> None:
    for text in ("/gallery/abc/?sort=new&state=approved", "/images/abc/file", "1/2 done?", "GET /help/makers/keys/"):
        assert without_secrets(text) == text
