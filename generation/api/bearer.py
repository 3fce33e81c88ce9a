"""The ways in which a program says for whom it asks: all that the site takes but a browser's cookie."""

from __future__ import annotations

from rest_framework.authentication import SessionAuthentication
from rest_framework.settings import api_settings

BEARER = [way for way in api_settings.DEFAULT_AUTHENTICATION_CLASSES if not issubclass(way, SessionAuthentication)]
