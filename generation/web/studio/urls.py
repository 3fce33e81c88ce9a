"""Addresses of the studio."""

from __future__ import annotations

from django.urls import path

from generation.web.studio import datasets, home, pictures, runs, searches, training

urlpatterns = [
    path("", home.studio, name="studio"),
    path("datasets/new/", datasets.new, name="dataset-new"),
    path("datasets/<slug:code>/", datasets.dataset, name="dataset"),
    path("datasets/<slug:code>/table/", datasets.table, name="dataset-table"),
    path("datasets/<slug:code>/captions/", datasets.captions, name="dataset-captions"),
    path("datasets/<slug:code>/split/", datasets.split, name="dataset-split"),
    path("datasets/<slug:code>/words/", datasets.words, name="dataset-words"),
    path("datasets/<slug:code>/delete/", datasets.delete, name="dataset-delete"),
    path("datasets/<slug:code>/pictures/", pictures.add, name="dataset-pictures"),
    path("datasets/<slug:code>/images/", pictures.images, name="dataset-images"),
    path("datasets/<slug:code>/pictures/<slug:picture>/caption/", pictures.caption, name="dataset-caption"),
    path("datasets/<slug:code>/pictures/<slug:picture>/crop/", pictures.crop, name="dataset-crop"),
    path("datasets/<slug:code>/pictures/<slug:picture>/remove/", pictures.remove, name="dataset-remove"),
    path("datasets/<slug:code>/pictures/<slug:picture>/file", pictures.file, name="dataset-file"),
    path("datasets/<slug:code>/pictures/<slug:picture>/thumbnail", pictures.thumbnail, name="dataset-thumbnail"),
    path("runs/new/", training.new, name="run-new"),
    path("runs/new/knobs/", training.settings_fields, name="run-settings"),
    path("runs/new/quote/", training.price, name="run-quote"),
    path("runs/<slug:code>/", runs.run, name="run"),
    path("runs/<slug:code>/parts/<slug:name>/", runs.part, name="run-part"),
    path("runs/<slug:code>/delete/", runs.delete, name="run-delete"),
    path("runs/<slug:code>/<slug:verb>/", runs.control, name="run-control"),
    path("runs/<slug:code>/snapshots/<int:step>/choose/", runs.choose, name="run-choose"),
    path("runs/<slug:code>/snapshots/<int:step>/file", runs.download, name="run-download"),
    path("runs/<slug:code>/snapshots/<int:step>/<int:number>", runs.sample, name="run-sample"),
    path("searches/<slug:code>/", searches.search, name="search"),
    path("searches/<slug:code>/results/", searches.results, name="search-results"),
    path("searches/<slug:code>/cancel/", searches.cancel, name="search-cancel"),
    path("searches/<slug:code>/delete/", searches.delete, name="search-delete"),
]
