"""The site's addresses where it is a provider of OAuth."""

from __future__ import annotations

from django.urls import include, path

from config import urls

handler404 = urls.handler404
urlpatterns = [path("", include("allauth.idp.urls")), *urls.urlpatterns]
