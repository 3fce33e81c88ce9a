"""Addresses of the pages of one's own webhooks."""

from __future__ import annotations

from django.urls import path

from generation.web.webhooks import pages

urlpatterns = [
    path("", pages.webhooks, name="webhooks"),
    path("<slug:code>/", pages.webhook, name="webhook"),
    path("<slug:code>/secret/", pages.secret, name="webhook-secret"),
    path("<slug:code>/test/", pages.send, name="webhook-test"),
    path("<slug:code>/switch/", pages.switch, name="webhook-switch"),
    path("<slug:code>/delete/", pages.delete, name="webhook-delete"),
    path("<slug:code>/deliveries/<slug:delivery>/again/", pages.again, name="webhook-again"),
]
