"""The API's address table: each app's resources under /api/v1/. No view lives here."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import include, path

urlpatterns = [
    path("", include(name))
    for name in ("accounts.api.urls", "generation.api.urls", "gallery.api.urls")
    if find_spec(name.rpartition(".")[0]) and find_spec(name)
]
