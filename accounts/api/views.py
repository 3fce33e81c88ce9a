"""The API's door to one's own account, and the shape of a person as their own programs see them."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.credits import balance_of
from accounts.models import User


class PlanOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    daily_credits = serializers.IntegerField()
    max_queued = serializers.IntegerField()
    max_running = serializers.IntegerField()
    max_pictures = serializers.IntegerField()
    max_pixels = serializers.IntegerField()
    max_steps = serializers.IntegerField()


class MeOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    username = serializers.CharField()
    email = serializers.EmailField()
    credits = serializers.IntegerField()
    plan = PlanOutput()


class MeView(APIView):
    """Who the token belongs to, the credits left, and what the plan allows."""

    @extend_schema(responses=MeOutput)
    def get(self, request: Request) -> Response:
        user = cast(User, request.user)
        person = {"code": user.code, "username": user.username, "email": user.email}
        return Response(MeOutput({**person, "credits": balance_of(user), "plan": user.plan}).data)
