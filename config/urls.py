"""Where everything is mounted. Pages belong to their apps; only machines' addresses are defined here."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.health import healthz, readyz
from config.metrics import metrics


def admin_index(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    return redirect("admin:index")


def own_password(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    return redirect("account_change_password")


# The admin's own forms take any number of passwords and no second factor, also from somebody who is signed in
# already: they are never shown. Guests go to the site's sign-in page, staff to the admin, a password to the account.
admin.site.login = secure_admin_login(admin_index)  # type: ignore[method-assign]
admin.site.password_change = own_password  # type: ignore[assignment, method-assign]

handler400 = "config.problems.bad_request"
handler403 = "config.problems.permission_denied"
handler404 = "config.problems.page_not_found"
handler500 = "config.outage.server_error"

docs = SpectacularSwaggerSplitView.as_view(
    url_name="api-schema",
    metadata_class=None,  # what OPTIONS tells is made for JSON, and this page has none: 405
)

urlpatterns = [
    path("", include("generation.urls")),
    path("", include("gallery.urls")),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("config.api")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", docs, name="api-docs"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
