"""How allauth is told this site's rules: whether one may sign up, how mail leaves, and what a taken name means."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest

from accounts.mail import queue_mail


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # Whoever could not finish a sign-up comes back with the same name.
        "username_taken": "This name is taken. If it is yours, sign in; an address not confirmed yet gets a new link.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        request = allauth_context.request
        values = {"request": request, "email": email, "current_site": get_current_site(request), **context}
        queue_mail(self.render_mail(template_prefix, email, values))
