"""A person's own LoRAs: bringing one, describing it, sharing it, taking it away. The public pages are `catalog`'s."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.questions import Question, ask
from accounts.refusals import Refusal, counted
from generation.catalog.loras.licences import licences_within
from generation.catalog.loras.sharing import delete_lora, describe, share
from generation.catalog.loras.uploads import Upload, add_upload
from generation.catalog.loras.versions import follow
from generation.models import Lora
from generation.web.access import SignedInRequest, refusals_on, signed_in_only
from generation.web.catalog.forms import DetailsForm, PeopleForm, UploadForm, VersionForm

DELETE_LORA = Question(
    "Delete this LoRA?",
    "The file goes for good. Pictures that were made with it stay, and keep its name in their recipe.",
    label="Delete the LoRA",
    stay="Keep the LoRA",
)


def own_lora(request: SignedInRequest, name: str) -> Lora:
    lora: Lora | None = Lora.objects.filter(owner=request.user, name=name).first()
    if lora is None:
        raise Http404("There is no such LoRA, or it is not yours.")
    return lora


@signed_in_only
@require_http_methods(["GET", "POST"])
def upload(request: SignedInRequest) -> HttpResponse:
    """Bring a file; `?version_of=` an own LoRA whose next version it is."""
    former = own_lora(request, request.GET["version_of"]) if request.GET.get("version_of") else None
    if request.method == "GET":
        return upload_page(request, UploadForm(), former)
    form, status = UploadForm(request.POST, request.FILES), 400
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            lora = add_upload(request.user, Upload(file.name, file.size, file.chunks(), former))
            messages.success(request, "It is yours alone so far. Say what it is and who may use it.")
            return redirect("lora-edit", lora.name)
        except Refusal as refusal:
            status = form.refuse(refusal)
    return upload_page(request, form, former, status)


def upload_page(request: SignedInRequest, form: UploadForm, former: Lora | None, status: int = 200) -> HttpResponse:
    mine = Lora.objects.filter(owner=request.user, path__startswith="uploads/").count()
    context = {"form": form, "former": former, "mine": mine, "most": request.user.plan.max_lora_uploads}
    return render(request, "generation/lora_upload.html", context, status=status)


@signed_in_only
@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, name: str) -> HttpResponse:
    """What it is called, its licence and words; beside it who may use it."""
    lora = own_lora(request, name)
    if request.method == "GET":
        return edit_page(request, lora)
    form, status = DetailsForm(lora, request.POST), 400
    if form.is_valid():
        try:
            describe(lora, **form.details)
            messages.success(request, "Saved.")
            return redirect("lora", lora.name)
        except Refusal as refusal:
            status = form.refuse(refusal)
            lora.refresh_from_db()
    return edit_page(request, lora, form=form, status=status)


@signed_in_only
@require_POST
def people(request: SignedInRequest, name: str) -> HttpResponse:
    """Exactly the people who are named may use it."""
    lora = own_lora(request, name)
    form = PeopleForm(request.POST)
    if form.is_valid():
        try:
            share(lora, form.names)
            messages.success(request, f"Shared with {counted(lora.shared_with.count(), 'person', 'people')}.")
            return redirect("lora-edit", lora.name)
        except Refusal as refusal:
            form.refuse(refusal)
    return edit_page(request, lora, people=form, status=400)


@signed_in_only
@require_POST
def version(request: SignedInRequest, name: str) -> HttpResponse:
    """It becomes the next version of another LoRA of theirs."""
    lora, status = own_lora(request, name), 400
    form = VersionForm(lora, request.POST)
    if form.is_valid():
        try:
            follow(lora, own_lora(request, form.cleaned_data["version_of"]))
            messages.success(request, f"It is version {lora.version} of “{lora.series}” now.")
            return redirect("lora", lora.name)
        except Refusal as refusal:
            status = form.refuse(refusal)
    return edit_page(request, lora, version=form, status=status)


def edit_page(
    request: SignedInRequest,
    lora: Lora,
    *,
    form: DetailsForm | None = None,
    people: PeopleForm | None = None,
    version: VersionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with the form that was refused, if one was; the others as they stand."""
    context = {
        "row": lora,
        "form": form or DetailsForm(lora),
        "people": people or PeopleForm.of(lora),
        "version": version or VersionForm(lora),
        "licences": licences_within(lora.allowed_licences).values(),
        "deletion": DELETE_LORA,
    }
    return render(request, "generation/lora_edit.html", context, status=status)


@signed_in_only
@require_http_methods(["GET", "POST"])
@refusals_on("lora", "name")
def delete(request: SignedInRequest, name: str) -> HttpResponse:
    """Asks first, for browsers that open no dialog."""
    lora = own_lora(request, name)
    if request.method == "GET":
        return ask(request, DELETE_LORA, lora.title, reverse("lora-edit", args=[lora.name]))
    delete_lora(lora)
    messages.success(request, f"“{lora.title}” is deleted. Pictures that were made with it stay.")
    return redirect("loras")
