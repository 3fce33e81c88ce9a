"""The API's door to what is known of a picture that somebody brings."""

from __future__ import annotations

from typing import Any, cast

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from gallery.verifying import ADDRESS_CHARS, Likeness, Verdict, Verified, WatermarkState, verify_upload
from generation.api.access import HasScope
from generation.api.native.fields import TextField
from generation.imaging.manifest import ManifestState


class AddressInput(serializers.Serializer[Any]):
    """The address of a picture on this site. Nothing is fetched."""

    address = TextField(required=False, default="", allow_blank=True, max_length=ADDRESS_CHARS)


class VerifyInput(AddressInput):
    """A picture, or the address of one on this site. Nothing of it is kept, and nothing is fetched."""

    picture = serializers.FileField(
        required=False, allow_empty_file=True, help_text="PNG, JPEG, WebP or SVG, at most 16 MiB."
    )


class ManifestOutput(serializers.Serializer[Any]):
    """The C2PA manifest. Its words are the signer's, to be believed where `state` is `ours`."""

    state = serializers.ChoiceField([state.value for state in ManifestState])
    signer = serializers.CharField()
    software = serializers.CharField()
    source_type = serializers.CharField()
    time = serializers.CharField(help_text="Of the time stamp; empty without one.")
    problems = serializers.ListField(child=serializers.CharField(), help_text="Status codes of C2PA.")


class FingerprintOutput(serializers.Serializer[Any]):
    """What this site remembers of the pictures it made. `distance` is in bits of 256, null where nothing is alike."""

    likeness = serializers.ChoiceField([likeness.value for likeness in Likeness])
    distance = serializers.IntegerField(allow_null=True)


class VerifiedOutput(serializers.Serializer[Verified]):
    """What is known, mark by mark."""

    verdict = serializers.ChoiceField([verdict.value for verdict in Verdict])
    manifest = ManifestOutput()
    xmp_source_type = serializers.CharField(source="source_type", help_text="IPTC's term; empty without one.")
    watermark = serializers.ChoiceField([state.value for state in WatermarkState])
    fingerprint = FingerprintOutput(source="*")
    made_at = serializers.DateTimeField(allow_null=True, help_text="When this site made it, as far as it is known.")
    post = serializers.SerializerMethodField(help_text="Its address in the gallery; empty where it is not public.")

    def get_post(self, found: Verified) -> str:
        return reverse("post", args=[found.post.code]) if found.post else ""


class VerifyView(APIView):
    """Ask whether a picture was made here and is as it was. Anybody may, a few times a minute."""

    scope = "read"
    permission_classes = [permissions.AllowAny, HasScope]
    parser_classes = [MultiPartParser, *cast(Any, api_settings.DEFAULT_PARSER_CLASSES)]
    throttle_scope = "verify"

    @extend_schema(
        request={"application/json": AddressInput, "multipart/form-data": VerifyInput}, responses=VerifiedOutput
    )
    def post(self, request: Request) -> Response:
        form = AddressInput(data=request.data)
        form.is_valid(raise_exception=True)
        found = verify_upload(request.user, request.FILES.get("picture"), form.validated_data["address"])
        return Response(VerifiedOutput(found).data)
