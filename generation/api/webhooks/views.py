"""The API's doors to webhooks: addresses of one's own programs, their secrets, and the log of what they were told.

The rules are `jobs.webhooks`'; a secret is told when it is made and never again, and no kept answer holds one.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.api.access import user_of
from generation.api.idempotency import idempotent
from generation.api.native.fields import FlagField, TextField
from generation.jobs.webhooks.addresses import LONGEST_URL
from generation.jobs.webhooks.endpoints import (
    CHOSEN,
    change_webhook,
    create_webhook,
    own_delivery,
    own_webhook,
    redeliver,
    rotate_secret,
    send_test,
)
from generation.models import Webhook, WebhookDelivery

SCOPES = {"GET": "read", "POST": "generate", "PATCH": "generate", "DELETE": "generate"}


class WebhookInput(serializers.Serializer[Any]):
    url = TextField(max_length=LONGEST_URL, help_text="https, to a host that the site's operator allows.")
    events = serializers.ListField(
        child=serializers.ChoiceField(CHOSEN), default=list, max_length=len(CHOSEN), help_text="Empty: all of them."
    )


class WebhookChange(serializers.Serializer[Any]):
    """Everything is optional: what is left out stays."""

    url = TextField(max_length=LONGEST_URL, required=False)
    events = serializers.ListField(child=serializers.ChoiceField(CHOSEN), max_length=len(CHOSEN), required=False)
    is_enabled = FlagField(required=False)


class WebhookOutput(serializers.ModelSerializer[Webhook]):
    class Meta:
        model = Webhook
        fields = [
            "code", "url", "events", "is_enabled", "disabled_reason", "failing_since", "former_until", "created_at",
        ]  # fmt: skip


class SecretOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    secret = serializers.CharField(help_text="Told only now. It begins with whsec_.")


class DeliveryOutput(serializers.ModelSerializer[WebhookDelivery]):
    """One message and its last try; `id` is what the receiver saw as `webhook-id`."""

    id = serializers.SerializerMethodField()

    class Meta:
        model = WebhookDelivery
        fields = [
            "code", "id", "event", "body", "state", "attempts", "next_try_at", "status", "error", "milliseconds",
            "created_at", "tried_at",
        ]  # fmt: skip

    def get_id(self, delivery: WebhookDelivery) -> str:
        return f"msg_{delivery.code}"


class WebhooksView(generics.ListAPIView[Webhook]):
    """Your webhooks, newest first; POST makes one and tells its secret, this once."""

    serializer_class = WebhookOutput
    queryset = Webhook.objects.none()
    scopes = SCOPES

    def get_queryset(self) -> QuerySet[Webhook]:
        return Webhook.objects.of(user_of(self.request)).newest()

    @extend_schema(request=WebhookInput, responses={201: SecretOutput})
    def post(self, request: Request) -> Response:
        form = WebhookInput(data=request.data)
        form.is_valid(raise_exception=True)
        webhook, secret = create_webhook(user_of(request), **form.validated_data)
        return Response({"code": webhook.code, "secret": secret}, status=201)


class WebhookView(APIView):
    """One webhook of yours; PATCH changes it or switches it on or off, DELETE removes it with its log."""

    scopes = SCOPES

    @extend_schema(responses=WebhookOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(WebhookOutput(own_webhook(user_of(request), code)).data)

    @extend_schema(request=WebhookChange, responses=WebhookOutput)
    def patch(self, request: Request, code: str) -> Response:
        webhook = own_webhook(user_of(request), code)
        form = WebhookChange(data=request.data)
        form.is_valid(raise_exception=True)
        change_webhook(webhook, **form.validated_data)
        return Response(WebhookOutput(webhook).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        own_webhook(user_of(request), code).delete()
        return Response(status=204)


class SecretView(APIView):
    """Get another secret, this once. The former one signs beside it for a day."""

    scopes = SCOPES

    @extend_schema(operation_id="webhooks_secret_rotate", request=None, responses={200: SecretOutput})
    def post(self, request: Request, code: str) -> Response:
        webhook = own_webhook(user_of(request), code)
        return Response({"code": webhook.code, "secret": rotate_secret(webhook)})


class TryView(APIView):
    """Have a message sent that says nothing, to try the address."""

    scopes = SCOPES

    @extend_schema(operation_id="webhooks_test", request=None, responses={202: DeliveryOutput})
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        delivery = send_test(own_webhook(user_of(request), code))
        return Response(DeliveryOutput(delivery).data, status=202)


class DeliveriesView(generics.ListAPIView[WebhookDelivery]):
    """What a webhook of yours was told in the last 30 days, newest first."""

    serializer_class = DeliveryOutput
    queryset = WebhookDelivery.objects.none()
    scopes = SCOPES

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        webhook = own_webhook(user_of(self.request), self.kwargs["code"])
        return WebhookDelivery.objects.filter(webhook=webhook).newest()


class RedeliverView(APIView):
    """Have a message sent once more that has arrived or was given up; its id stays the same."""

    scopes = SCOPES

    @extend_schema(operation_id="webhooks_deliveries_redeliver", request=None, responses={202: DeliveryOutput})
    @idempotent
    def post(self, request: Request, code: str, delivery: str) -> Response:
        webhook = own_webhook(user_of(request), code)
        redeliver(own_delivery(webhook, delivery))
        return Response(DeliveryOutput(own_delivery(webhook, delivery)).data, status=202)


urlpatterns = [
    path("webhooks", WebhooksView.as_view(), name="api-webhooks"),
    path("webhooks/<slug:code>", WebhookView.as_view(), name="api-webhook"),
    path("webhooks/<slug:code>/secret", SecretView.as_view(), name="api-webhook-secret"),
    path("webhooks/<slug:code>/test", TryView.as_view(), name="api-webhook-test"),
    path("webhooks/<slug:code>/deliveries", DeliveriesView.as_view(), name="api-webhook-deliveries"),
    path(
        "webhooks/<slug:code>/deliveries/<slug:delivery>/redeliver",
        RedeliverView.as_view(),
        name="api-webhook-redeliver",
    ),
]
