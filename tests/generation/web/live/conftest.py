"""A session for each line; and trainings are queued here as they are in the tests of trainings."""

from __future__ import annotations

from channels.db import database_sync_to_async
from django.test import Client

from accounts.models import User
from accounts.sessions import SignIn, sign_in_of
from tests.conftest import PASSWORD
from tests.generation.training.conftest import dataset, make_dataset, queue_run, tiny

__all__ = ["dataset", "make_dataset", "queue_run", "tiny"]


def sign_in(user: User) -> tuple[Client, SignIn]:
    """A browser of the person's, and the session it has."""
    client = Client()
    # By the site's own form, which notes the session among those that can be ended elsewhere.
    assert client.post("/accounts/login/", {"login": user.username, "password": PASSWORD}).status_code == 302
    found = sign_in_of(client.cookies["sessionid"].value)
    assert found is not None
    return client, found


async def signed_in_as(user: User) -> SignIn:
    """The session that the person has just begun."""
    session: SignIn
    _, session = await database_sync_to_async(sign_in)(user)
    return session
