"""Addresses of the API's posts."""

from __future__ import annotations

from django.urls import path

from gallery.api import comments, releases, social, verify, views

urlpatterns = [
    path("posts", views.PostsView.as_view(), name="api-posts"),
    path("posts/<slug:code>", views.PostView.as_view(), name="api-post"),
    path("posts/<slug:code>/like", social.LikeView.as_view(), name="api-post-like"),
    path("authors/<str:username>/follow", social.FollowView.as_view(), name="api-author-follow"),
    path("posts/<slug:code>/comments", comments.CommentsView.as_view(), name="api-post-comments"),
    path("comments/<slug:code>", comments.CommentView.as_view(), name="api-comment"),
    path("releases", releases.ReleasesView.as_view(), name="api-releases"),
    path("releases/<slug:code>", releases.ReleaseView.as_view(), name="api-release"),
    path("verify", verify.VerifyView.as_view(), name="api-verify"),
]
