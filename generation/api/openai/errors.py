"""How a refusal is said in OpenAI's words: `{"error": {message, type, param, code}}`, and whether to ask again.

A translation of the native API's problems, so that every no of the site has this shape under /v1/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.refusals import Refusal

CODES = {
    "not-authenticated": (401, "invalid_api_key"),
    "authentication-failed": (401, "invalid_api_key"),
    "unknown-checkpoint": (404, "model_not_found"),
    "unknown-parameter": (400, "unknown_parameter"),
    "missing-parameter": (400, "missing_required_parameter"),
    "prompt-rule": (400, "moderation_blocked"),
    "picture-withheld": (400, "moderation_blocked"),
    "no-credits": (429, "insufficient_quota"),
    "token-budget": (429, "insufficient_quota"),
    "token-daily-credits": (429, "insufficient_quota"),
    "throttled": (429, "rate_limit_exceeded"),
}
"""Codes on which programs decide -> OpenAI's status and code. Every other is said as it is."""
PARAMS = {
    "checkpoint": "model",
    "count": "n",
    "width": "size",
    "height": "size",
    "steps": "num_inference_steps",
    "cfg_scale": "guidance_scale",
    "loras": "prompt",
    "picture": "image",
    "source": "image",
}
"""Fields of a recipe -> OpenAI's, where they have another name."""
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
OUTAGES = (500, 503, 504)
OURS = ("error", "part-away", "no-room")
"""Codes of errors that are nobody's fault who asks."""
AGAIN = ("rate_limit_exceeded", "request-in-flight", "person-being-made")
"""Refusals that are none a moment later."""


def in_openais_words(problem: Mapping[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of the error that a problem (RFC 9457, as the native API has it) is here."""
    status, code = CODES.get(problem["code"], (problem["status"], problem["code"]))
    # Its clients know 400 for what is wrong with a request.
    status = 400 if status == 422 else status
    errors = problem.get("errors") or [{}]
    field = errors[0].get("field") or None
    error = {
        "message": problem["detail"],
        "type": type_of(status, code),
        "param": PARAMS.get(str(field), field),
        "code": code,
    }
    return status, {"error": error}, {"x-should-retry": "true" if may_be_mended(status, code) else "false"}


def error_body(code: str, detail: str) -> dict[str, Any]:
    """The body where no view has answered: what is not there, an outage, a body too large."""
    status = 500 if code in OURS else 400
    return in_openais_words({"status": status, "code": code, "detail": detail})[1]


def error_of(refusal: Refusal) -> dict[str, Any]:
    """The body for a refusal whose status cannot be said any more, as in a stream that has begun."""
    errors = [{"field": refusal.field}]
    problem = {"status": refusal.status, "code": refusal.code, "detail": refusal.message, "errors": errors}
    return in_openais_words(problem)[1]


def type_of(status: int, code: str) -> str:
    if code == "insufficient_quota":
        return code
    if status >= 500:
        return "server_error"
    return TYPES.get(status, "invalid_request_error")


def may_be_mended(status: int, code: str) -> bool:
    """A refusal stays one: the SDKs would send it three times."""
    return status in OUTAGES or code in AGAIN
