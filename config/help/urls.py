"""Addresses of the help pages. Those of the API and of the controls are their own apps'."""

from __future__ import annotations

from django.urls import path

from config.help import views

urlpatterns = [
    path("", views.index, name="help"),
    path("<slug:section>/", views.section, name="help-section"),
    path("<slug:section>/<slug:name>/", views.page, name="help-page"),
]
