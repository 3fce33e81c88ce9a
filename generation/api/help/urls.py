"""Addresses of the API's help pages."""

from __future__ import annotations

from django.urls import path

from generation.api.help import pages

urlpatterns = [
    path("", pages.index, name="help-api"),
    path("<slug:name>/", pages.guide, name="help-api-guide"),
]
