"""Websocket addresses."""

from __future__ import annotations

from django.urls import path, re_path

from generation.web.live.consumers import JobsConsumer, Nowhere, RunConsumer

websocket_urlpatterns = [
    path("ws/jobs/", JobsConsumer.as_asgi()),
    path("ws/runs/<slug:code>/", RunConsumer.as_asgi()),
    re_path("", Nowhere.as_asgi()),
]
