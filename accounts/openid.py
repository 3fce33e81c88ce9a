"""The way to a provider of OpenID Connect and back, where its metadata are believed only if they are its own.

allauth believes whatever an address serves. OpenID Connect Discovery, 4.3, asks that the issuer named there is the very
address that was asked.
"""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView, OAuth2View
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse
from requests import RequestException

from accounts.refusals import NotAllowed

logger = structlog.get_logger(__name__)

SENTENCE = "This way to sign in is not set up right: the other site calls itself by another address. Tell the operator."


class IssuerChecked(OpenIDConnectOAuth2Adapter):
    """Speaks to the provider. Raises NotAllowed where what is served is another issuer's."""

    @property
    def openid_config(self) -> dict[str, Any]:
        told: dict[str, Any] = super().openid_config
        issuer = self.get_provider().app.settings["issuer"]
        if told.get("issuer") != issuer:
            # For the operator, who sees by it which of the two is wrong.
            logger.error("other_issuer", expected=issuer, named=str(told.get("issuer"))[:300])
            raise NotAllowed("other-issuer", SENTENCE)
        return told

    def get_provider(self) -> Any:
        provider = super().get_provider()
        provider.oauth2_adapter_class = IssuerChecked
        return provider


@login_not_required
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _answer(OAuth2LoginView, request, provider_id)


@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _answer(OAuth2CallbackView, request, provider_id)


def _answer(view: type[OAuth2View], request: HttpRequest, provider_id: str) -> HttpResponse:
    """allauth's, which breaks where the provider is away or its metadata are none."""
    adapter = IssuerChecked(request, provider_id)
    try:
        answer: HttpResponse = view.adapter_view(adapter)(request)
    except SocialApp.DoesNotExist as error:
        raise Http404("There is no such provider.") from error
    except NotAllowed as error:
        if error.code != "other-issuer":
            raise
        answer = render_authentication_error(request, adapter.get_provider(), exception=error)
    except (OAuth2Error, RequestException) as error:
        logger.warning("provider_away", error=f"{type(error).__name__}: {error}"[:300])
        answer = render_authentication_error(request, adapter.get_provider(), exception=error)
    return answer
