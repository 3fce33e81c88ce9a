"""The API's door to one's own account."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import MeOutput
from accounts.credits import balance_of
from accounts.models import User


class MeView(APIView):
    """Who the token belongs to, the credits left, and what the plan allows."""

    @extend_schema(responses=MeOutput)
    def get(self, request: Request) -> Response:
        user = cast(User, request.user)
        person = {"code": user.code, "username": user.username, "email": user.email}
        return Response(MeOutput({**person, "credits": balance_of(user), "plan": user.plan}).data)
