"""Addresses under /v1/, as OpenAI's clients know them: without a slash at the end."""

from __future__ import annotations

from django.urls import path

from generation.api.openai import views

urlpatterns = [
    path("models", views.ModelsView.as_view(), name="openai-models"),
    path("models/<path:model>", views.ModelView.as_view(), name="openai-model"),
    path("images/generations", views.GenerationsView.as_view(), name="openai-generations"),
    path("images/variations", views.VariationsView.as_view(), name="openai-variations"),
    path("images/edits", views.EditsView.as_view(), name="openai-edits"),
    path("images/files/<str:signed>", views.PictureView.as_view(), name="openai-picture"),
]
