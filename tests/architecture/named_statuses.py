"""That the API answers with no status that its description does not name: looked at whenever a test asks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from rest_framework.views import APIView

from tests.architecture.schema_changes import kept

PART = re.compile(r"<(?:\w+:)?(\w+)>")


@contextmanager
def only_named_statuses() -> Iterator[None]:
    paths, finalize = kept()["paths"], APIView.finalize_response

    def looked_at(view: Any, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        match = getattr(request, "resolver_match", None)
        path = "/" + PART.sub(r"{\1}", match.route) if match else ""
        method = request.method.lower()
        operation = paths.get(path, {}).get(method)
        status = str(response.status_code)
        assert operation is None or status in operation["responses"], f"{method} {path} answers {status}, not named"
        return finalize(view, request, response, *args, **kwargs)

    with mock.patch.object(APIView, "finalize_response", looked_at):
        yield
