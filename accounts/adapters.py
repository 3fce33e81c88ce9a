"""How allauth is told this site's rules: whether one may sign up, by which name, and how a password is tried."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        username = super().clean_username(username, shallow)
        if not shallow:
            User.objects.check_free(username)
        return username

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """An address is tried as an address alone. Also tried as a name it would be looked up by address twice, and
        the password of somebody who is known be hashed twice: the time would tell that they are.
        """
        if credentials.get("email") and credentials.get("email") == credentials.get("username"):
            del credentials["username"]
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        return user
