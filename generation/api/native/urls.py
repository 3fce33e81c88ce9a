"""Addresses of the API's generation resources."""

from __future__ import annotations

from django.urls import path

from generation.api.native import albums, datasets, grids, loras, pictures, prompts, runs, searches, wildcards

urlpatterns = [
    path("jobs", pictures.JobsView.as_view(), name="api-jobs"),
    path("jobs/cancel", pictures.CancelAllView.as_view(), name="api-jobs-cancel"),
    path("jobs/<slug:code>", pictures.JobView.as_view(), name="api-job"),
    path("jobs/<slug:code>/cancel", pictures.CancelView.as_view(), name="api-job-cancel"),
    path("jobs/<slug:code>/prefer", pictures.PreferView.as_view(), name="api-job-prefer"),
    path("images", pictures.ImagesView.as_view(), name="api-images"),
    path("images/<slug:code>", pictures.ImageView.as_view(), name="api-image"),
    path("images/<slug:code>/file/<slug:format_name>", pictures.ImageFileView.as_view(), name="api-image-file"),
    path("images/<slug:code>/trace", pictures.TraceView.as_view(), name="api-image-trace"),
    path("albums", albums.AlbumsView.as_view(), name="api-albums"),
    path("albums/<slug:code>", albums.AlbumView.as_view(), name="api-album"),
    path("albums/<slug:code>/images", albums.AlbumImagesView.as_view(), name="api-album-images"),
    path("albums/<slug:code>/images/<slug:image>", albums.AlbumImageView.as_view(), name="api-album-image"),
    path("links", albums.LinksView.as_view(), name="api-links"),
    path("links/<slug:code>", albums.LinkView.as_view(), name="api-link"),
    path("checkpoints", pictures.CheckpointsView.as_view(), name="api-checkpoints"),
    path("loras", loras.LorasView.as_view(), name="api-loras"),
    path("loras/<name:name>", loras.LoraView.as_view(), name="api-lora"),
    path("loras/<name:name>/file", loras.LoraFileView.as_view(), name="api-lora-file"),
    path("merges", loras.MergesView.as_view(), name="api-merges"),
    path("grids", grids.GridsView.as_view(), name="api-grids"),
    path("grids/<slug:code>", grids.GridView.as_view(), name="api-grid"),
    path("grids/<slug:code>/cancel", grids.GridCancelView.as_view(), name="api-grid-cancel"),
    path("prompts/inspect", prompts.InspectView.as_view(), name="api-prompt-inspect"),
    path("datasets", datasets.DataSetsView.as_view(), name="api-datasets"),
    path("datasets/<slug:code>", datasets.DataSetView.as_view(), name="api-dataset"),
    path("datasets/<slug:code>/pictures", datasets.DataPicturesView.as_view(), name="api-dataset-pictures"),
    path("datasets/<slug:code>/images", datasets.DataImagesView.as_view(), name="api-dataset-images"),
    path("datasets/<slug:code>/captions", datasets.CaptionsView.as_view(), name="api-dataset-captions"),
    path(
        "datasets/<slug:code>/pictures/<slug:picture>",
        datasets.DataPictureView.as_view(),
        name="api-dataset-picture",
    ),
    path("runs", runs.RunsView.as_view(), name="api-runs"),
    path("runs/<slug:code>", runs.RunView.as_view(), name="api-run"),
    path("runs/<slug:code>/pause", runs.PauseView.as_view(), name="api-run-pause"),
    path("runs/<slug:code>/resume", runs.ResumeView.as_view(), name="api-run-resume"),
    path("runs/<slug:code>/stop", runs.StopView.as_view(), name="api-run-stop"),
    path("runs/<slug:code>/discard", runs.DiscardView.as_view(), name="api-run-discard"),
    path("runs/<slug:code>/snapshots/<int:step>/file", runs.SnapshotFileView.as_view(), name="api-snapshot-file"),
    path("searches", searches.SearchesView.as_view(), name="api-searches"),
    path("searches/<slug:code>", searches.SearchView.as_view(), name="api-search"),
    path("searches/<slug:code>/cancel", searches.SearchCancelView.as_view(), name="api-search-cancel"),
    path("wildcards", wildcards.WildcardsView.as_view(), name="api-wildcards"),
    path("wildcards/<list:name>", wildcards.WildcardView.as_view(), name="api-wildcard"),
    path("recipes/read", prompts.ReadRecipeView.as_view(), name="api-recipe-read"),
]
