"""Addresses of users' pages and of the catalog."""

from __future__ import annotations

from django.urls import include, path

from generation.web import home
from generation.web.catalog import catalog, loras, wildcards
from generation.web.create import create, drafts, inspector, quotes, reading
from generation.web.pictures import albums, files, images, jobs, shared, sharing

urlpatterns = [
    path("", home.home, name="home"),
    path("status/", home.status, name="status"),
    path("create/", create.create, name="create"),
    path("create/price/", quotes.price, name="create-price"),
    path("create/draft/", drafts.draft, name="create-draft"),
    path("create/choices/", create.choices, name="create-choices"),
    path("create/inspect/", inspector.inspect, name="create-inspect"),
    path("create/names/", inspector.names, name="create-names"),
    path("create/read/", reading.read, name="create-read"),
    path("jobs/tiles/", jobs.tiles, name="job-tiles"),
    path("jobs/cancel/", jobs.cancel_all, name="jobs-cancel"),
    path("jobs/<slug:code>/submission/", jobs.submission, name="job-submission"),
    path("jobs/<slug:code>/preview", jobs.preview, name="job-preview"),
    path("jobs/<slug:code>/cancel/", jobs.cancel, name="job-cancel"),
    path("jobs/<slug:code>/prefer/", jobs.prefer, name="job-prefer"),
    path("images/", images.images, name="images"),
    path("images/delete/", images.delete_picked, name="images-delete"),
    path("images/restore/", images.restore, name="images-restore"),
    path("images/star/", images.star, name="images-star"),
    path("images/zip/", images.download_picked, name="images-zip"),
    path("images/<slug:code>/", images.image, name="image"),
    path("images/<slug:code>/delete/", images.delete, name="image-delete"),
    path("images/<slug:code>/trace/", images.trace, name="image-trace"),
    path("images/<slug:code>/tracing/", images.tracing_state, name="image-tracing"),
    path("images/<slug:code>/file", files.file, name="image-file"),
    path("images/<slug:code>/thumbnail", files.thumbnail, name="image-thumbnail"),
    path("images/<slug:code>/download/<slug:format_name>", files.download, name="image-download"),
    path("images/<slug:code>/share/", sharing.share_image, name="image-share"),
    path("albums/", albums.albums, name="albums"),
    path("albums/add/", albums.add, name="albums-add"),
    path("albums/<slug:code>/", albums.album, name="album"),
    path("albums/<slug:code>/delete/", albums.delete, name="album-delete"),
    path("albums/<slug:code>/remove/", albums.take_out, name="album-remove"),
    path("albums/<slug:code>/share/", sharing.share_album, name="album-share"),
    path("albums/<slug:code>/zip", albums.download, name="album-zip"),
    path("links/", sharing.links, name="links"),
    path("links/<slug:code>/end/", sharing.end, name="link-end"),
    path("shared/<str:token>/", shared.shared, name="shared"),
    path("shared/<str:token>/<slug:code>/", shared.shared_image, name="shared-image"),
    path("shared/<str:token>/<slug:code>/picture", shared.picture, name="shared-picture"),
    path("shared/<str:token>/<slug:code>/thumbnail", shared.thumbnail, name="shared-thumbnail"),
    path("studio/", include("generation.web.studio.urls")),
    path("studio/lab/", include("generation.web.lab.urls")),
    path("loras/", catalog.loras, name="loras"),
    path("loras/upload/", loras.upload, name="lora-upload"),
    path("loras/<name:name>/", catalog.lora, name="lora"),
    path("loras/<name:name>/edit/", loras.edit, name="lora-edit"),
    path("loras/<name:name>/people/", loras.people, name="lora-people"),
    path("loras/<name:name>/version/", loras.version, name="lora-version"),
    path("loras/<name:name>/delete/", loras.delete, name="lora-delete"),
    path("loras/<name:name>/file", catalog.download, name="lora-file"),
    path("wildcards/", wildcards.wildcards, name="wildcards"),
    path("wildcards/-/delete/<list:name>/", wildcards.delete, name="wildcard-delete"),
    path("wildcards/<list:name>/", wildcards.wildcard, name="wildcard"),
    path("checkpoints/", catalog.checkpoints, name="checkpoints"),
    path("checkpoints/<name:name>/", catalog.checkpoint, name="checkpoint"),
]
