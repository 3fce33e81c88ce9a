"""The shape of a person as their own programs see them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


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
