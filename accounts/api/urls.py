"""Addresses of the API's account resources."""

from __future__ import annotations

from django.urls import path

from accounts.api.views import LedgerView, MeView, TokensView, TokenView

urlpatterns = [
    path("me", MeView.as_view(), name="api-me"),
    path("ledger", LedgerView.as_view(), name="api-ledger"),
    path("tokens", TokensView.as_view(), name="api-tokens"),
    path("tokens/<slug:prefix>", TokenView.as_view(), name="api-token"),
]
