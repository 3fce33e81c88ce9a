"""Sealing anew what the database keeps sealed, or should: after an upgrade, and after the site's key has changed.

Each row is changed only if it is as it was read, so people may sign in and change their secrets meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Model, QuerySet

from accounts.factors import FACTORS
from accounts.models import ApiToken
from accounts.sealing import is_newest, seal, unseal
from accounts.tokens import PEOPLE
from generation.jobs.webhooks.signing import WEBHOOKS
from generation.models import Webhook

ROWS_AT_ONCE = 500
Secrets = dict[str, Any]
FACTOR_SECRETS = ("secret", "seed", "migrated_codes")
"""What allauth's JSON of a second factor keeps readable: an app's key, what recovery codes are made of, or codes."""


@dataclass(slots=True)
class Resealed:
    """How many rows were sealed anew, and how many hold a secret that no key of the site opens."""

    sealed: int = 0
    unreadable: int = 0


def reseal() -> Resealed:
    """Seal with the present SECRET_KEY what lies open or was sealed with a former one. May be repeated at any time."""
    done = Resealed()
    for model, columns, anew in (
        (Authenticator, ("data",), _factor),
        (ApiToken, ("people_secret",), lambda value: _text(value, PEOPLE)),
        (Webhook, ("secret", "former_secret"), lambda value: _text(value, WEBHOOKS)),
    ):
        for pk, kept in _rows(model, columns):
            try:
                changed = {name: new for name, value in kept.items() if (new := anew(value)) != value}
            except UnreadableError:
                done.unreadable += 1
            else:
                done.sealed += bool(changed) and _rows_of(model).filter(pk=pk, **kept).update(**changed)
    return done


class UnreadableError(Exception):
    """No key of the site opens it."""


def _rows_of(model: type[Model]) -> QuerySet[Any]:
    return QuerySet(model)


def _rows(model: type[Model], columns: tuple[str, ...]) -> Iterator[tuple[Any, Secrets]]:
    for pk, *values in _rows_of(model).values_list("pk", *columns).iterator(chunk_size=ROWS_AT_ONCE):
        yield pk, dict(zip(columns, values, strict=True))


def _text(kept: str, purpose: str) -> str:
    if is_newest(kept, purpose):
        return kept
    secret = unseal(kept, purpose)
    if secret is None:
        raise UnreadableError
    return seal(secret, purpose)


def _factor(data: dict[str, Any]) -> dict[str, Any]:
    """Of a passkey there is nothing to seal: what is kept of it is public."""
    return {name: _value(value) if name in FACTOR_SECRETS else value for name, value in data.items()}


def _value(kept: Any) -> Any:
    return [_text(each, FACTORS) for each in kept] if isinstance(kept, list) else _text(kept, FACTORS)
