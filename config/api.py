"""The API's address table: each app's resources under /api/v1/. No view lives here."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("generation.api.native.urls")),
    path("", include("generation.api.live.tickets")),
    path("", include("generation.api.webhooks.views")),
    path("", include("gallery.api.urls")),
]
