"""What the pages are tested with, beside the catalog and the pictures of the folder above."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.generation.conftest import Draw

__all__ = ["PART", "Draw"]

PART = {"X-Requested-With": "fetch"}


@pytest.fixture
def strict(alice: User) -> Client:
    """Alice in a browser that is held to CSRF."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
