"""Addresses of the API's posts, of what people do with them, and of what is decided about them."""

from __future__ import annotations

from django.urls import path

from gallery.api import appeals, collections, comments, complaints, notifications, releases, social, verify, views

urlpatterns = [
    path("posts", views.PostsView.as_view(), name="api-posts"),
    path("posts/<slug:code>", views.PostView.as_view(), name="api-post"),
    path("feed", views.FeedView.as_view(), name="api-feed"),
    path("posts/<slug:code>/like", social.LikeView.as_view(), name="api-post-like"),
    path("authors/<str:username>/follow", social.FollowView.as_view(), name="api-author-follow"),
    path("posts/<slug:code>/comments", comments.CommentsView.as_view(), name="api-post-comments"),
    path("posts/<slug:code>/report", complaints.PostReportView.as_view(), name="api-post-report"),
    path("comments", comments.OwnCommentsView.as_view(), name="api-comments"),
    path("comments/<slug:code>", comments.CommentView.as_view(), name="api-comment"),
    path("comments/<slug:code>/report", complaints.CommentReportView.as_view(), name="api-comment-report"),
    path("collections", collections.CollectionsView.as_view(), name="api-collections"),
    path("collections/<slug:code>", collections.CollectionView.as_view(), name="api-collection"),
    path("collections/<slug:code>/posts", collections.CollectedPostsView.as_view(), name="api-collection-posts"),
    path(
        "collections/<slug:code>/posts/<slug:post>",
        collections.CollectedPostView.as_view(),
        name="api-collection-post",
    ),
    path(
        "collections/<slug:code>/people/<str:username>",
        collections.ContributorView.as_view(),
        name="api-collection-person",
    ),
    path("notifications", notifications.NotificationsView.as_view(), name="api-notifications"),
    path("notifications/read", notifications.NotificationsReadView.as_view(), name="api-notifications-read"),
    path("notices", complaints.NoticesView.as_view(), name="api-notices"),
    path("appeals", appeals.AppealsView.as_view(), name="api-appeals"),
    path("sanctions", appeals.SanctionsView.as_view(), name="api-sanctions"),
    path("transparency", appeals.TransparencyView.as_view(), name="api-transparency"),
    path("releases", releases.ReleasesView.as_view(), name="api-releases"),
    path("releases/<slug:code>", releases.ReleaseView.as_view(), name="api-release"),
    path("verify", verify.VerifyView.as_view(), name="api-verify"),
]
