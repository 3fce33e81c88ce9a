"""The page that a scraper asks for, and who may."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.refusals import NotAllowed
from accounts.second_factor import SENTENCE, lacks_second_factor
from config.metrics.counted import Counted
from config.metrics.queue import Queue
from config.metrics.stored import Stored
from config.metrics.workers import Workers
from generation.api.access import HasScope


class Staff(IsAdminUser):
    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        if lacks_second_factor(request.user):
            raise NotAllowed("no-second-factor", SENTENCE)
        return True


@extend_schema(exclude=True)
@api_view(["GET"])
@permission_classes([Staff, HasScope])
def metrics(request: Request) -> HttpResponse:
    registry = CollectorRegistry()
    for collector in (Queue(), Workers(), Stored(), Counted()):
        registry.register(collector)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
