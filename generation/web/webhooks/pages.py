"""Pages of one's own webhooks: addresses that are told of one's jobs, their secrets, and what they were told."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import RefusableForm
from accounts.questions import Question, ask
from accounts.refusals import NotFound, Refusal
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
from generation.models import Webhook, WebhookDelivery, WebhookEvent
from generation.web.access import SignedInRequest, refusals_on, signed_in_only
from generation.web.paging import page_of

DELIVERIES_A_PAGE = 50
DELETE = Question(
    "Delete this webhook?",
    "Nothing is sent to this address any more, and its log goes.",
    label="Delete the webhook",
    stay="Keep the webhook",
)
REPLACE = Question(
    "Replace the secret?",
    "You are shown a new one, this once. For a day both sign, so that your server can take it up in peace.",
    label="Replace the secret",
    stay="Keep the secret",
    danger=False,
)


class WebhookForm(RefusableForm):
    url = forms.CharField(
        label="Address", max_length=LONGEST_URL, widget=forms.URLInput, help_text="Of your own server, with https."
    )
    events = forms.MultipleChoiceField(
        label="It is told of",
        choices=[(event, WebhookEvent(event).label) for event in CHOSEN],
        initial=CHOSEN,
        widget=forms.CheckboxSelectMultiple,
    )


@signed_in_only
@require_http_methods(["GET", "POST"])
def webhooks(request: SignedInRequest) -> HttpResponse:
    """The addresses and a form for another; POST makes it, and this answer is the only page that shows its secret."""
    form, status, secret = WebhookForm(request.POST or None), 200, ""
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                _, secret = create_webhook(request.user, form.cleaned_data["url"], form.cleaned_data["events"])
                form, status = WebhookForm(), 200
            except Refusal as refusal:
                status = form.refuse(refusal)
    context = {
        "form": form,
        "secret": secret,
        "webhooks": list(Webhook.objects.of(request.user).newest()),
        "hosts": settings.WEBHOOK_HOSTS,
    }
    return render(request, "generation/webhooks.html", context, status=status)


@signed_in_only
@require_GET
def webhook(request: SignedInRequest, code: str) -> HttpResponse:
    return page(request, own(request, code))


@signed_in_only
@require_http_methods(["GET", "POST"])
def secret(request: SignedInRequest, code: str) -> HttpResponse:
    """Asks first; the answer to the yes is the only page that shows the new secret."""
    hook = own(request, code)
    if request.method == "GET":
        return ask(request, REPLACE, hook.url, address_of(hook))
    return page(request, hook, rotate_secret(hook))


@signed_in_only
@require_POST
@refusals_on("webhook", "code")
def send(request: SignedInRequest, code: str) -> HttpResponse:
    send_test(own(request, code))
    messages.success(request, "A message is on its way. Look at the log in a moment.")
    return redirect("webhook", code)


@signed_in_only
@require_POST
def switch(request: SignedInRequest, code: str) -> HttpResponse:
    hook = own(request, code)
    change_webhook(hook, is_enabled=not hook.is_enabled)
    return redirect("webhook", code)


@signed_in_only
@require_POST
@refusals_on("webhook", "code")
def again(request: SignedInRequest, code: str, delivery: str) -> HttpResponse:
    hook = own(request, code)
    try:
        found = own_delivery(hook, delivery)
    except NotFound as error:
        raise Http404(error.message) from error
    redeliver(found)
    messages.success(request, "It is sent once more.")
    return redirect("webhook", code)


@signed_in_only
@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, code: str) -> HttpResponse:
    """Asks first, for browsers that open no dialog."""
    hook = own(request, code)
    if request.method == "GET":
        return ask(request, DELETE, hook.url, address_of(hook))
    hook.delete()
    messages.success(request, "The webhook is deleted.")
    return redirect("webhooks")


def page(request: SignedInRequest, hook: Webhook, new_secret: str = "") -> HttpResponse:
    log = page_of(WebhookDelivery.objects.filter(webhook=hook), request, DELIVERIES_A_PAGE)
    context = {
        "hook": hook,
        # As it was kept, where another version of the site knew it.
        "events": [dict(WebhookEvent.choices).get(event, event) for event in hook.events],
        "secret": new_secret,
        "log": log,
        "delete": DELETE,
        "replace": REPLACE,
    }
    return render(request, "generation/webhook.html", context)


def own(request: SignedInRequest, code: str) -> Webhook:
    try:
        return own_webhook(request.user, code)
    except NotFound as error:
        raise Http404(error.message) from error


def address_of(hook: Webhook) -> str:
    return reverse("webhook", args=[hook.code])
