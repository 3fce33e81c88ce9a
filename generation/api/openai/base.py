"""What all views of this dialect have in common: tokens alone, any wish of an answer, and errors in OpenAI's shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from generation.api.openai.errors import in_openais_words


class AnyAnswer(DefaultContentNegotiation):
    """The answer is what it is: clients ask for event streams and pictures by `Accept`, and get errors as JSON."""

    def get_accept_list(self, request: Request) -> list[str]:
        return ["*/*"]


class OpenAIView(APIView):
    """For programs with a token. Its description is OpenAI's own: the native API's schema does not have it."""

    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES[:1]
    content_negotiation_class = AnyAnswer
    schema = None  # type: ignore[assignment]

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return in_this_shape


def in_this_shape(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: the site's own answer, its headers too, in OpenAI's words."""
    response: Response | None = api_settings.EXCEPTION_HANDLER(error, context)
    if response is not None and isinstance(response.data, dict):
        response.status_code, response.data, headers = in_openais_words(response.data)
        response.content_type = "application/json"
        for name, value in headers.items():
            response[name] = value
    return response
