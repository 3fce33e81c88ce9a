"""The API's doors to one's own account: who one is, the ledger, and the tokens. Tokens are made on the page alone."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.credits import balance_of
from accounts.models import ApiToken, CreditEntry, User
from accounts.refusals import NotAllowed, NotFound
from accounts.tokens import remove_token, standing_tokens


def person(request: Request) -> User:
    """Who asks, behind the default permission, which lets nobody else in."""
    return cast(User, request.user)


class PlanOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    daily_credits = serializers.IntegerField()
    max_queued = serializers.IntegerField()
    max_running = serializers.IntegerField()
    max_pictures = serializers.IntegerField()
    max_pixels = serializers.IntegerField()
    max_steps = serializers.IntegerField()


class TokenOutput(serializers.ModelSerializer[ApiToken]):
    """A token without its key."""

    prefix = serializers.CharField(source="token_key", help_text="How its key begins.")
    scopes = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField(source="created")
    expires_at = serializers.DateTimeField(source="expiry", allow_null=True)
    allowed_checkpoints = serializers.ListField(child=serializers.CharField(), help_text="Empty: all.")
    allowed_loras = serializers.ListField(child=serializers.CharField(), help_text="Empty: all.")
    allowed_addresses = serializers.ListField(child=serializers.CharField(), help_text="Empty: all.")

    class Meta:
        model = ApiToken
        fields = [
            "prefix", "name", "scopes", "created_at", "expires_at", "last_used_at", "budget", "spent", "daily_credits",
            "allowed_checkpoints", "allowed_loras", "allowed_addresses", "speaks_for_people",
        ]  # fmt: skip


class MeOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    username = serializers.CharField()
    email = serializers.EmailField()
    credits = serializers.IntegerField()
    plan = PlanOutput()
    token = TokenOutput(allow_null=True, help_text="The one that asks.")


class MeView(APIView):
    """Who the token belongs to, the credits left, and what the plan and the token allow."""

    @extend_schema(responses=MeOutput)
    def get(self, request: Request) -> Response:
        user = person(request)
        me = {"code": user.code, "username": user.username, "email": user.email, "plan": user.plan}
        token = request.auth if isinstance(request.auth, ApiToken) else None
        return Response(MeOutput({**me, "credits": balance_of(user), "token": token}).data)


class EntryOutput(serializers.ModelSerializer[CreditEntry]):
    token = serializers.CharField(source="token.name", default=None, allow_null=True, help_text="Which one paid too.")

    class Meta:
        model = CreditEntry
        fields = ["created_at", "kind", "amount", "reference", "note", "token"]


class LedgerView(generics.ListAPIView[CreditEntry]):
    """Every credit that came, was held, spent or returned, newest first. The sum of all amounts is the balance."""

    serializer_class = EntryOutput
    queryset = CreditEntry.objects.none()

    def get_queryset(self) -> QuerySet[CreditEntry]:
        return CreditEntry.objects.filter(wallet__user=person(self.request)).select_related("token")


class TokensView(generics.ListAPIView[ApiToken]):
    """Your tokens that can be used, the last made first; without their keys."""

    ordering = ("-created",)
    serializer_class = TokenOutput
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        return standing_tokens().filter(user=person(self.request))


class TokenView(APIView):
    """DELETE removes a token of yours, by how its key begins: it is refused from then on, and what it opened is closed.

    A token may remove itself, and no other.
    """

    scopes = {"DELETE": ""}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, prefix: str) -> Response:
        token = ApiToken.objects.filter(user=person(request), token_key=prefix).first()
        if token is None:
            raise NotFound("not-found", "There is no such token, or it is not yours.")
        if request.auth is not None and request.auth != token:
            raise NotAllowed("another-token", "A token may remove itself alone. Remove others on the account page.")
        remove_token(token)
        return Response(status=204)
