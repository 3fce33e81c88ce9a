"""How the framework of the API is set up: who is believed, what is read and answered, how often one may ask."""

from __future__ import annotations

from typing import Any


def rest_framework(**rates: str) -> dict[str, Any]:
    """`REST_FRAMEWORK` for Django; a rate such as 60/min for each scope of throttling."""
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "config.tokens.TokenAuthentication",
            "rest_framework.authentication.SessionAuthentication",
        ],
        "DEFAULT_PERMISSION_CLASSES": [
            "rest_framework.permissions.IsAuthenticated",
            "generation.api.access.HasScope",
        ],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["config.plain_json.PlainJson"],
        "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.plain_json.OneAnswer",
        "DEFAULT_PAGINATION_CLASS": "config.paging.NewestFirst",
        "DEFAULT_SCHEMA_CLASS": "config.described.Described",
        "DEFAULT_THROTTLE_CLASSES": [
            f"config.throttling.{name}" for name in ("Anonymous", "SignedIn", "Costly", "Routed")
        ],
        "DEFAULT_THROTTLE_RATES": rates,
        # The client's address is worked out once, in config/proxies.py; no library reads headers for it again.
        "NUM_PROXIES": 0,
        "EXCEPTION_HANDLER": "config.problems.problem_json",
        "TEST_REQUEST_DEFAULT_FORMAT": "json",
    }
