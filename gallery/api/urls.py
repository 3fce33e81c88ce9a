"""Addresses of the API's posts."""

from __future__ import annotations

from django.urls import path

from gallery.api import releases, verify, views

urlpatterns = [
    path("posts", views.PostsView.as_view(), name="api-posts"),
    path("posts/<slug:code>", views.PostView.as_view(), name="api-post"),
    path("releases", releases.ReleasesView.as_view(), name="api-releases"),
    path("releases/<slug:code>", releases.ReleaseView.as_view(), name="api-release"),
    path("verify", verify.VerifyView.as_view(), name="api-verify"),
]
