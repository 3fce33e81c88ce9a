"""Whose picture it is: a token that speaks for people names the person with each request, signed by its own secret.

As Open WebUI does: a JWT (HS256) in a header. It may come again until it expires, which is soon; nothing but the token
and it together name anybody. Headers that nobody signed are never believed.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import ApiToken, Plan, User
from accounts.names import check_name
from accounts.refusals import Conflict, NotAllowed
from accounts.tokens import people_secret_of
from generation.models import NamedPerson
from generation.models.programs import MAX_SUBJECT_CHARS

logger = structlog.get_logger(__name__)

SIGNED = "X-OpenWebUI-User-Jwt"
UNSIGNED = ("X-OpenWebUI-User-Id", "X-OpenWebUI-User-Email", "X-OpenWebUI-User-Name", "X-OpenWebUI-User-Role")
ISSUER = "open-webui"
MAX_LIFE_SECONDS = 600
"""A signature that is good for longer is refused: whoever reads one could go on in somebody's name."""
LEEWAY_SECONDS = 30
"""By so much the clocks of two machines may differ."""
MAX_NAME_CHARS = 40
NOT_SIGNED = "person-not-signed"
_NOT_IN_NAMES = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a program means: its own name for them, and what it says of them."""

    subject: str
    email: str
    name: str


def person_asking(user: User, auth: object, headers: Mapping[str, str]) -> User:
    """Whose request it is that `auth` of `user` brings: theirs, or that of somebody whom their program names.

    Raises AuthenticationFailed for a name that is not rightly signed, NotAllowed for somebody who has no account here,
    and for names by the token of anybody but an administrator: whoever can sign can be everybody.
    """
    if not isinstance(auth, ApiToken) or not auth.speaks_for_people:
        return user
    signed = headers.get(SIGNED, "")
    if not signed:
        if any(headers.get(name) for name in UNSIGNED):
            # Its own person must not pay because the program has lost the secret.
            raise AuthenticationFailed("Nobody signed who asks: set the secret of this token there.", NOT_SIGNED)
        return user
    if not user.is_superuser:
        raise NotAllowed("may-not-speak", "Only the token of an administrator speaks for people.")
    return _person_of(user, _read(signed, people_secret_of(auth)))


def _read(signed: str, secret: str) -> Named:
    if not secret:
        raise AuthenticationFailed("This token has no secret yet, so nothing signed is believed.", NOT_SIGNED)
    try:
        claims: dict[str, Any] = jwt.decode(
            signed,
            secret,
            algorithms=["HS256"],  # never what the JWT itself says
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": ["sub", "iss", "iat", "exp"]},
        )
        life = int(claims["exp"]) - int(claims["iat"])
    except jwt.ExpiredSignatureError:
        raise AuthenticationFailed("The signed name of the person has expired.", "person-expired") from None
    except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError) as error:
        logger.warning("person_not_signed", error=str(error))
        raise AuthenticationFailed("The name of the person is not rightly signed.", NOT_SIGNED) from None
    if not 0 < life <= MAX_LIFE_SECONDS:
        sentence = f"A signed name may be good for {MAX_LIFE_SECONDS} s, and this one is for {life} s."
        raise AuthenticationFailed(sentence, "person-signed-too-long")
    return _named(claims)


def _named(claims: Mapping[str, Any]) -> Named:
    subject, email, name = (str(claims.get(claim) or "").strip() for claim in ("sub", "email", "name"))
    if not subject.isprintable() or not 0 < len(subject) <= MAX_SUBJECT_CHARS:
        raise AuthenticationFailed("The signed name of the person is none.", NOT_SIGNED)
    return Named(subject, email.lower(), name)


def _person_of(speaker: User, named: Named) -> User:
    person = _known(speaker, named) or _meet(speaker, named)
    if not person.is_active:
        raise NotAllowed("person-closed", "The account of this person is closed.")
    return person


def _meet(speaker: User, named: Named) -> User:
    """Who somebody that was never named before is here; kept, so that a changed address later is not somebody else."""
    try:
        validate_email(named.email)
    except ValidationError:
        raise NotAllowed("person-unknown", "The signed name has no e-mail address, so nobody is known by it.") from None
    try:
        with transaction.atomic():
            met = _with_address(named.email) or _make(named)
            NamedPerson.objects.create(speaker=speaker, subject=named.subject, person=met)
            return met
    except IntegrityError:  # their first two requests came at once
        if (person := _known(speaker, named)) is not None:
            return person
        raise Conflict("person-being-made", "This person's account is being made. Ask again in a moment.") from None


def _known(speaker: User, named: Named) -> User | None:
    row = NamedPerson.objects.filter(speaker=speaker, subject=named.subject).select_related("person__plan").first()
    return row.person if row else None


def _with_address(email: str) -> User | None:
    """Who has shown that the address is theirs."""
    address = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user__plan").first()
    person: User | None = address.user if address else None
    return person


def _make(named: Named) -> User:
    """An account without a password, where the site makes some: whoever reads mail at its address may set one."""
    if User.objects.filter(email__iexact=named.email).exists():
        sentence = f"Somebody has an account with the address {named.email} and has not confirmed it yet."
        raise NotAllowed("person-unconfirmed", sentence)
    if settings.NAMED_PEOPLE != "make":
        raise NotAllowed("person-unknown", f"Nobody here has the address {named.email}. Sign up with it first.")
    plan = _plan()
    person = User.objects.create_user(_free_name(named), named.email, plan=plan)
    logger.info("person_made", person=person.code, plan=plan.name)
    return person


def _plan() -> Plan:
    if not settings.NAMED_PEOPLE_PLAN:
        return Plan.default()
    plan = Plan.objects.filter(name=settings.NAMED_PEOPLE_PLAN).first()
    if plan is None:
        sentence = f"There is no plan “{settings.NAMED_PEOPLE_PLAN}” for people of other programs; ask the operator."
        raise NotAllowed("no-plan", sentence)
    return plan


def _free_name(named: Named) -> str:
    for name in _names_for(named):
        try:
            check_name(name)
            User.objects.check_free(name)
        except ValidationError:
            continue
        return name
    raise Conflict("name-taken", "No name is free for this person. Ask again.")


def _names_for(named: Named) -> Iterator[str]:
    """What they may be called here, the likeliest first."""
    for text in (named.name, named.email.partition("@")[0]):
        plain = _NOT_IN_NAMES.sub("-", unicodedata.normalize("NFKC", text))[:MAX_NAME_CHARS].strip(".+-_")
        if plain:
            yield plain
            yield f"{plain}-{secrets.token_hex(2)}"
    yield f"person-{secrets.token_hex(4)}"
