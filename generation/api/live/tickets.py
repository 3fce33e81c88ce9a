"""The API's door to live lines: a ticket for a websocket. What is heard there is `web.live`'s."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import NotAllowed
from generation.api.access import token_of, user_of
from generation.api.dialect import BEARER
from generation.messages import tickets

ADDRESS = "/ws/jobs/"


class TicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="Opens one line, once.")
    address = serializers.CharField(help_text="Where to connect, with `?ticket=`.")
    seconds = serializers.IntegerField(help_text="So long it may be used.")


class LinesView(APIView):
    """Get a ticket that opens one live line of your jobs; a program that can send its token there needs none."""

    authentication_classes = BEARER
    scope = "read"

    @extend_schema(operation_id="lines_create", request=None, responses={201: TicketOutput})
    def post(self, request: Request) -> Response:
        token = token_of(request)
        if token is None:
            raise NotAllowed("token-needed", "A live line needs an API token: one that can be taken back meanwhile.")
        ticket = tickets.issue(user_of(request).pk, token.digest)
        return Response({"ticket": ticket, "address": ADDRESS, "seconds": tickets.SECONDS}, status=201)


urlpatterns = [path("lines", LinesView.as_view(), name="api-lines")]
