"""Addresses of the maker's pages and of the catalog."""

from __future__ import annotations

from django.urls import path

from generation.views import catalog, create, files, home, images, inspector, jobs, reading

urlpatterns = [
    path("", home.home, name="home"),
    path("status/", home.status, name="status"),
    path("create/", create.create, name="create"),
    path("create/price/", create.price, name="create-price"),
    path("create/draft/", create.draft, name="create-draft"),
    path("create/choices/", create.choices, name="create-choices"),
    path("create/inspect/", inspector.inspect, name="create-inspect"),
    path("create/names/", inspector.names, name="create-names"),
    path("create/read/", reading.read, name="create-read"),
    path("jobs/tiles/", jobs.tiles, name="job-tiles"),
    path("jobs/<slug:code>/submission/", jobs.submission, name="job-submission"),
    path("jobs/<slug:code>/preview", jobs.preview, name="job-preview"),
    path("jobs/<slug:code>/cancel/", jobs.cancel, name="job-cancel"),
    path("images/", images.images, name="images"),
    path("images/delete/", images.delete_picked, name="images-delete"),
    path("images/restore/", images.restore, name="images-restore"),
    path("images/<slug:code>/", images.image, name="image"),
    path("images/<slug:code>/delete/", images.delete, name="image-delete"),
    path("images/<slug:code>/trace/", images.trace, name="image-trace"),
    path("images/<slug:code>/tracing/", images.tracing_state, name="image-tracing"),
    path("images/<slug:code>/file", files.file, name="image-file"),
    path("images/<slug:code>/thumbnail", files.thumbnail, name="image-thumbnail"),
    path("images/<slug:code>/download/<slug:format_name>", files.download, name="image-download"),
    path("loras/", catalog.loras, name="loras"),
    path("loras/<slug:name>/", catalog.lora, name="lora"),
    path("checkpoints/", catalog.checkpoints, name="checkpoints"),
    path("checkpoints/<slug:name>/", catalog.checkpoint, name="checkpoint"),
]
