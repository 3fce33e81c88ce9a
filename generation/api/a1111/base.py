"""What all views of this dialect have in common: how programs are known, and how they are told errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiToken
from accounts.refusals import NotAllowed, Refusal
from generation.api.a1111.credentials import Credentials
from generation.api.a1111.errors import error_body
from generation.api.access import token_of

Handler = Callable[[Exception, dict[str, Any]], Response | None]


class AnyWish(DefaultContentNegotiation):
    """Answers are JSON, whatever a program says that it accepts."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:
        return renderers

    def get_accept_list(self, request: Request) -> list[str]:
        return ["*/*"]


class A1111View(APIView):
    """For programs with a token; a session is a person's with a browser, who has pages. Not part of our own schema."""

    authentication_classes = [Credentials]
    content_negotiation_class = AnyWish
    schema = None

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return partial(in_this_shape, super().get_exception_handler())


def in_this_shape(handler: Handler, error: Exception, context: dict[str, Any]) -> Response | None:
    """What the site's own exception handler answers, its headers too, with a body that these programs read."""
    response = handler(error, context)
    if response is not None and isinstance(response.data, dict):
        response.data = error_body(response.data["code"], response.data["detail"])
        response.content_type = "application/json"
    return response


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
