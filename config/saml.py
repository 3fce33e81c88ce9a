"""The last steps of signing in and out by SAML: what cannot be read, or nobody signed or asked for, is refused.

Only where a SAML provider is set: the libraries that read its answers are loaded with it.
"""

from __future__ import annotations

import structlog
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.saml.utils import get_app_or_404
from allauth.socialaccount.providers.saml.views import finish_acs, sls
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from lxml.etree import LxmlError

logger = structlog.get_logger(__name__)


def finish(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """allauth's, which breaks at an answer that is no XML or names nobody, and has no sentence for a stale one."""
    try:
        answer: HttpResponse = finish_acs(request, organization_slug=organization_slug)
    except (LxmlError, ValueError, PermissionDenied) as error:
        logger.warning("saml_answer_refused", error=f"{type(error).__name__}: {error}"[:300])
        provider = get_app_or_404(request, organization_slug).get_provider(request)
        answer = render_authentication_error(request, provider, exception=error)
    return answer


def sign_out(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """allauth's, which believes a request that nobody signed: any link could sign people out."""
    if "Signature" not in request.GET:
        logger.warning("saml_sign_out_refused")
        return HttpResponseBadRequest("Only the provider signs people out, and this is not signed.", "text/plain")
    answer: HttpResponse = sls(request, organization_slug=organization_slug)
    return answer
