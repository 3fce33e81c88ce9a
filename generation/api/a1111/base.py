"""What all views of this dialect have in common: how programs are known, and how they are told errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request

from accounts.models import ApiToken
from accounts.refusals import NotAllowed, Refusal
from generation.api.a1111.credentials import Credentials
from generation.api.a1111.errors import error_body
from generation.api.access import token_of
from generation.api.dialect import DialectView, Told


class A1111View(DialectView):
    """Programs may bring their token as Basic too."""

    authentication_classes = [Credentials]

    def in_its_words(self, problem: Mapping[str, Any]) -> Told:
        return problem["status"], error_body(problem["code"], problem["detail"]), {}


def own_token(request: Request) -> ApiToken:
    """The token that asks. Raises NotAllowed for a program that was let in by OAuth, which has no options to keep."""
    token = token_of(request)
    if token is None:
        raise NotAllowed("token-needed", "Programs of this kind need an API token. Make one on your account page.")
    return token


def json_object(request: Request) -> Mapping[str, Any]:
    """The body. Raises Refusal for JSON of another kind."""
    if not isinstance(request.data, Mapping):
        raise Refusal("invalid", "The body must be a JSON object.")
    return request.data
