"""Where everything is mounted. Pages belong to their apps; only machines' addresses are defined here."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, include, path, register_converter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts import openid
from accounts.second_factor import SENTENCE, lacks_second_factor
from config import problem_page
from config.changes import changes
from config.doctor.seen import seen
from config.exports import views as exports
from config.health import healthz, readyz
from config.help import views as help_pages
from config.leaving import delete_account, take_account_back
from config.metrics.page import metrics
from config.visits import end
from generation.catalog.loras.naming import NameInAddress
from generation.catalog.wildcards import ListInAddress

# Before any addresses are included that use it.
register_converter(NameInAddress, "name")
register_converter(ListInAddress, "list")


def admin_index(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    """Staff that came to the admin's sign-in: signed in already, so on to the admin, or to what it asks for first."""
    if lacks_second_factor(request.user):
        messages.warning(request, SENTENCE)
        return redirect("mfa_index")
    return redirect("admin:index")


def may_enter(request: HttpRequest) -> bool:
    return AdminSite.has_permission(admin.site, request) and not lacks_second_factor(request.user)


def own_password(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    return redirect("account_change_password")


# The admin's own forms take any number of passwords and no second factor, also from somebody who is signed in
# already: they are never shown. Guests go to the site's sign-in page, staff to the admin, a password to the account.
admin.site.login = secure_admin_login(admin_index)  # type: ignore[method-assign]
admin.site.password_change = own_password  # type: ignore[assignment, method-assign]
admin.site.has_permission = may_enter  # type: ignore[method-assign]

handler400 = "config.problems.bad_request"
handler403 = "config.problems.permission_denied"
handler404 = "config.problems.page_not_found"
handler500 = "config.outage.server_error"

docs = SpectacularSwaggerSplitView.as_view(
    url_name="api-schema",
    metadata_class=None,  # what OPTIONS tells is made for JSON, and this page has none: 405
)

# allauth's own takes an answer that is no XML for a fault of the site.
saml: list[URLPattern] = []
if "saml" in settings.SOCIALACCOUNT_PROVIDERS:
    from config.saml import finish, sign_out

    saml = [
        path("accounts/saml/<str:organization_slug>/acs/finish/", finish),
        path("accounts/saml/<str:organization_slug>/sls/", sign_out),
    ]
provider = [path("", include("allauth.idp.urls"))] if settings.OAUTH_PROVIDER else []

urlpatterns = [
    path("", include("generation.urls")),
    path("", include("gallery.urls")),
    path("", include("accounts.urls")),
    path("account/export/", exports.export, name="account-export"),
    path("account/export/file", exports.download, name="account-export-file"),
    path("account/delete/", delete_account, name="account-delete"),
    path("account/take-back/", take_account_back, name="account-take-back"),
    path("visit/end/", end, name="visit-end"),
    *saml,
    path("accounts/oidc/<str:provider_id>/login/", openid.login),
    path("accounts/oidc/<str:provider_id>/login/callback/", openid.callback),
    path("accounts/", include("allauth.urls")),
    *provider,
    path("api/v1/", include("config.api")),
    path("", include("generation.api.a1111.urls")),
    path("help/api/", include("generation.api.help.urls")),
    path("help/", include("config.help.urls")),
    path("sitemaps/help.xml", help_pages.sitemap, name="sitemap-help"),
    path("v1/", include("generation.api.openai.urls")),
    path("", include("generation.api.mcp.door")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", docs, name="api-docs"),
    path("api/problems/", problem_page.problems, name="api-problems"),
    path("api/problems/<slug:code>", problem_page.problem, name="api-problem"),
    path("changes/", changes, name="changes"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("healthz/seen", seen, name="seen"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
