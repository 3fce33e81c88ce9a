"""Addresses of the account pages."""

from __future__ import annotations

from django.urls import path

from accounts import digest, invited, viewing, views

urlpatterns = [
    path("invite/<slug:code>/", invited.invite, name="invite"),
    path("account/", views.account, name="account"),
    path("account/credits/", views.ledger, name="account-credits"),
    path("account/notifications/", digest.digest, name="account-notifications"),
    path("account/viewing/", viewing.viewing, name="account-viewing"),
    path("account/tokens/", views.tokens, name="account-tokens"),
    path("account/tokens/<slug:key>/remove/", views.remove_token, name="account-token-remove"),
    path("account/programs/<slug:client>/remove/", views.shut_out, name="account-program-remove"),
]
