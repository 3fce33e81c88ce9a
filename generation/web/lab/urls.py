"""Addresses of the lab, below the studio's."""

from __future__ import annotations

from django.urls import path

from generation.web.lab import grids, merges

urlpatterns = [
    path("", grids.lab, name="lab"),
    path("quote/", grids.quote, name="lab-quote"),
    path("grids/<slug:code>/", grids.grid, name="lab-grid"),
    path("grids/<slug:code>/sheet/", grids.sheet, name="lab-sheet"),
    path("grids/<slug:code>/cancel/", grids.cancel, name="lab-cancel"),
    path("grids/<slug:code>/film.mp4", grids.film, {"kind": "mp4"}, name="lab-film"),
    path("grids/<slug:code>/film.webp", grids.film, {"kind": "webp"}, name="lab-animation"),
    path("merge/", merges.merge, name="lab-merge"),
    path("merges/", merges.waiting, name="lab-merges"),
]
