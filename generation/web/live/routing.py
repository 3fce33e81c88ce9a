"""Websocket addresses."""

from __future__ import annotations

from django.urls import path

from generation.web.live.consumers import JobsConsumer, RunConsumer

websocket_urlpatterns = [
    path("ws/jobs/", JobsConsumer.as_asgi()),
    path("ws/runs/<slug:code>/", RunConsumer.as_asgi()),
]
