"""What a tool of an agent is: a view that is asked inside of the process, with the headers of the agent's own request.

A view and not a function, so that tokens, scopes, addresses and refusals hold for tools as for the rest of the API.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import Refusal
from generation.api.dialect import BEARER

REPLACED = (b"content-type", b"content-length", b"transfer-encoding")


class Tool(APIView):
    """One tool. `call` does the work and answers with what JSON can say; it raises Refusal for a no.

    `description` is for the model that chooses among tools; `schema_of_input` is a JSON Schema of an object, by which
    arguments are checked before `call` sees them; `scope` is what a token must be for. `shows_pictures` when the answer
    names jobs whose pictures go along.
    """

    authentication_classes = BEARER
    # Counted once, by `door`, which lets the agent's request in.
    throttle_classes = ()
    name = ""
    title = ""
    description = ""
    scope = "generate"
    shows_pictures = False

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        return {"type": "object", "properties": {}, "additionalProperties": False}

    def post(self, request: Request) -> Response:
        arguments: Any = request.data
        check_arguments(arguments, self.schema_of_input())
        return Response(self.call(request, arguments))

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


def check_arguments(arguments: Any, schema: Mapping[str, Any]) -> None:
    """Raise Refusal with the first fault; its field is the argument, dotted where it lies deeper."""
    error = best_match(Draft202012Validator(schema).iter_errors(arguments))
    if error is not None:
        field = ".".join(str(step) for step in error.absolute_path)
        message = error.message if len(error.message) <= 300 else f"{error.message[:300]}…"
        raise Refusal("bad-arguments", f"{field}: {message}" if field else message, field=field)


def ask(tool: type[Tool], asked: Mapping[str, Any], arguments: Mapping[str, Any], **changes: Any) -> Response:
    """What the tool answers to these arguments from whoever sent the ASGI request; a refusal is an answer too.

    `asked` is the scope of that request, `changes` are attributes of the tool for this call.
    Asks the database: call it in a thread.
    """
    body = json.dumps(arguments).encode()
    headers = [(name, value) for name, value in asked["headers"] if name not in REPLACED]
    headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    request = ASGIRequest({**asked, "method": "POST", "query_string": b"", "headers": headers}, io.BytesIO(body))
    return tool.as_view(**changes)(request)
