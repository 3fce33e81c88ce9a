"""The page where anybody asks whether a picture was made here: what it says, mark by mark, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from accounts.refusals import Refusal
from gallery.forms import VerifyForm
from gallery.verifying import Likeness, Verdict, Verified, WatermarkState, verify_upload
from generation.imaging.manifest import ManifestState
from generation.imaging.provenance import DRAWN_FROM_TEXT, DRAWN_OVER_A_PICTURE, SOURCE_TYPES
from generation.imaging.watermark_measured import measured
from generation.storage.signing import trusted_certificates


@dataclass(frozen=True, slots=True)
class MarkLine:
    """One mark of a picture. `tone` is ok, bad or none, and decides the sign beside the sentence."""

    name: str
    tone: str
    sentence: str

    @property
    def icon(self) -> str:
        return {"ok": "circle-check", "bad": "triangle-alert", "none": "minus"}[self.tone]


HEADLINES = {
    Verdict.INTACT: ("success", "This site made this picture, and the file is as it was."),
    Verdict.CHANGED: ("warning", "This site signed this file, but it was changed afterwards."),
    Verdict.STRIPPED: (
        "warning",
        "This site made this picture, says its watermark. The file was saved anew, or what it said was stripped.",
    ),
    Verdict.LOOKALIKE: ("warning", "This looks like a picture that this site made. Its file does not say so."),
    Verdict.AI_ELSEWHERE: ("info", "A machine made this picture, says the file; not this site, as far as we can tell."),
    Verdict.UNKNOWN: ("info", "Nothing here says that this site, or any machine, made this picture."),
}
MANIFEST = {
    ManifestState.OURS: ("ok", "Signed by this site, and unchanged since."),
    ManifestState.UNKNOWN: ("none", "Signed by “{signer}”, whom this site does not know; unchanged since."),
    ManifestState.TAMPERED: ("bad", "Changed after “{signer}” signed it."),
    ManifestState.ABSENT: ("none", "None."),
    ManifestState.UNREADABLE: ("none", "There may be one, but it cannot be read."),
}
WATERMARK = {
    WatermarkState.OURS: ("ok", "It carries the number of a picture that was made here."),
    WatermarkState.UNKNOWN: ("none", "It carries a number that this site does not know: another site like it made it."),
    WatermarkState.ABSENT: ("none", "None was found. Small pictures carry none, and strong changes take it away."),
    WatermarkState.UNCHECKED: ("none", "An SVG has no pixels that could carry one."),
}
SOURCES = {
    DRAWN_FROM_TEXT.removeprefix(SOURCE_TYPES): "A machine made this picture.",
    DRAWN_OVER_A_PICTURE.removeprefix(SOURCE_TYPES): "A machine made this picture out of another one.",
}


@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """The form, and below it what came of the last picture; `?address=` fills the form in."""
    if request.method != "POST":
        return page(request, VerifyForm(initial={"address": request.GET.get("address", "")[:200]}))
    form = VerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return page(request, form, 400)
    try:
        found = verify_upload(request.user, form.cleaned_data["picture"], form.cleaned_data["address"])
    except Refusal as refusal:
        return page(request, form, form.refuse(refusal))
    kind, headline = HEADLINES[found.verdict]
    context = {"found": found, "kind": kind, "headline": headline, "lines": lines_of(found)}
    return page(request, VerifyForm(), 200, **context)


def page(request: HttpRequest, form: VerifyForm, status: int = 200, **context: object) -> HttpResponse:
    return render(request, "gallery/verify.html", {"form": form, **context}, status=status)


@require_safe
def authority(request: HttpRequest) -> HttpResponse:
    """The certificates by which other programs may know this site's signatures."""
    response = HttpResponse(trusted_certificates(), content_type="application/x-pem-file")
    response["Content-Disposition"] = 'attachment; filename="authority.pem"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def lines_of(found: Verified) -> list[MarkLine]:
    tone, sentence = MANIFEST[found.manifest.state]
    sentence = sentence.format(signer=found.manifest.signer or "somebody")
    if found.manifest.time:
        sentence += f" Time stamp: {found.manifest.time}."
    lines = [MarkLine("Signed manifest (C2PA)", tone, sentence)]
    if found.source_type:
        told = SOURCES.get(found.source_type, f"It says “{found.source_type}”.")
        lines.append(MarkLine("XMP", "ok" if found.source_type in SOURCES else "none", told))
    else:
        lines.append(MarkLine("XMP", "none", "It says nothing of how the picture was made."))
    lines.append(MarkLine("Invisible watermark", *WATERMARK[found.watermark]))
    return [*lines, fingerprint_line(found)]


def fingerprint_line(found: Verified) -> MarkLine:
    made = f" {settings.SITE_NAME} made it on {date_format(localtime(found.made_at))}." if found.made_at else ""
    tone, sentence = {
        Likeness.SAME_FILE: ("ok", "The very file that is kept here."),
        Likeness.NEAR: ("ok", f"Looks the same as a picture made here ({found.distance} of 256 bits differ)."),
        Likeness.NONE: ("none", "It was changed a lot." if found.row else "No picture made here looks like it."),
        Likeness.PLAIN: ("none", "The picture is too plain to be told from others."),
        Likeness.UNCHECKED: ("none", "An SVG has no pixels to compare."),
    }[found.likeness]
    return MarkLine("Fingerprint (SHA-256, PDQ)", tone, sentence + made)


@require_safe
def marks(request: HttpRequest) -> HttpResponse:
    """How pictures are marked, and what the watermark survives."""
    return render(request, "gallery/marks.html", {"measured": measured(), "watermark_on": settings.WATERMARK})
