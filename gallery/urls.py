"""Addresses of the gallery."""

from __future__ import annotations

from django.urls import path

from gallery.views import (
    appeals,
    files,
    index,
    notices,
    post,
    publish,
    releases,
    sent,
    sitemaps,
    syndication,
    transparency,
    verify,
)

urlpatterns = [
    path("gallery/", index.index, name="gallery"),
    path("gallery/feed.atom", syndication.atom, name="gallery-atom"),
    path("gallery/feed.rss", syndication.rss, name="gallery-rss"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("sitemap.xml", sitemaps.sitemap, name="sitemap"),
    path("sitemaps/pages.xml", sitemaps.pages, name="sitemap-pages"),
    path("sitemaps/posts-<int:part>.xml", sitemaps.posts, name="sitemap-posts"),
    path("sitemaps/authors-<int:part>.xml", sitemaps.authors, name="sitemap-authors"),
    path("gallery/mine/", sent.sent_in, name="sent-in"),
    path("gallery/<slug:code>/", post.post, name="post"),
    path("gallery/<slug:code>/picture", files.picture, name="post-picture"),
    path("gallery/<slug:code>/thumbnail", files.thumbnail, name="post-thumbnail"),
    path("gallery/<slug:code>/thumbnail/<int:side>", files.sized_thumbnail, name="post-thumbnail-sized"),
    path("gallery/<slug:code>/report/", post.report, name="post-report"),
    path("gallery/<slug:code>/withdraw/", publish.withdraw, name="post-withdraw"),
    path("notices/", notices.notices, name="notices"),
    path("notices/<slug:kind>/", notices.notice, name="notice"),
    path("appeals/<slug:subject>/<slug:code>/", appeals.appeal, name="appeal"),
    path("appeals/by-mail/<str:token>/", appeals.appeal_by_mail, name="appeal-by-mail"),
    path("transparency/", transparency.transparency, name="transparency"),
    path("verify/", verify.verify, name="verify"),
    path("verify/marks/", verify.marks, name="marks"),
    path("verify/authority.pem", verify.authority, name="verify-authority"),
    path("by/<str:username>/", index.author, name="author"),
    path("images/<slug:code>/publish/", publish.publish, name="publish"),
    path("loras/<name:name>/publish/", releases.publish_lora, name="lora-publish"),
    path("loras/<name:name>/withdraw/", releases.withdraw_lora, name="lora-withdraw"),
    path("releases/<slug:code>/samples/<int:place>", files.sample, name="release-sample"),
]
