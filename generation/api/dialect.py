"""What views for programs alone have in common; and those of dialects: one kind of answer, errors in their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

_ALL = cast("list[type[BaseAuthentication]]", api_settings.DEFAULT_AUTHENTICATION_CLASSES)
BEARER = [way for way in _ALL if not issubclass(way, SessionAuthentication)]
"""The ways in which a program says for whom it asks: all that the site takes but a browser's cookie."""

Told = tuple[int, dict[str, Any], dict[str, str]]
"""Status, body and headers of an error."""


class DialectView(APIView):
    """For programs with a token. Its description is the dialect's own: the native API's schema does not have it."""

    authentication_classes: Sequence[type[BaseAuthentication]] = BEARER
    schema = None

    def in_its_words(self, problem: Mapping[str, Any]) -> Told:
        """How the dialect tells a problem (RFC 9457, as the native API has it)."""
        raise NotImplementedError

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """The site's own answer, its headers too, with a body that these programs read."""

        usual = super().get_exception_handler()

        def handler(error: Exception, context: dict[str, Any]) -> Response | None:
            response: Response | None = usual(error, context)
            if response is not None and isinstance(response.data, dict):
                response.status_code, response.data, headers = self.in_its_words(response.data)
                response.content_type = "application/json"
                for name, value in headers.items():
                    response[name] = value
            return response

        return handler
