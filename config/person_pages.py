"""Pages of the admin that do something about one person: suspend them, let them in again, visit their pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.forms import RefusableForm
from accounts.models import User
from accounts.visits import IN_SESSION, LONGEST_REASON, begin_visit
from config.suspension import end_suspension, suspend_account

LENGTHS = (("1", "1 day"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("", "Until somebody lifts it"))
REASON = UnfoldAdminTextareaWidget(attrs={"rows": 3})


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked before something is done: its sentences say what happens then."""

    title: str
    label: str
    sentences: tuple[str, ...]


SUSPEND = Page(
    "Suspend {person}",
    "Suspend the account",
    (
        "Nobody can sign in with it; sessions end, and API tokens and programs that were let in are removed for good.",
        "What waits, is drawn or is trained is cancelled, and its credits return.",
        "Pictures, LoRAs and posts stay as they are. Take down what should not be public.",
        "They get a mail with the reason and may object; where they sign in they read it, too.",
    ),
)
LET_IN = Page("Let {person} in again", "End the suspension", ("They can sign in again at once, and get a mail.",))
VISIT = Page(
    "Visit {person}",
    "Begin the visit",
    (
        "You see their pages as they do, and change nothing: every button is refused.",
        "Passwords, tokens, second factors, copies of their data and the API stay closed.",
        "The visit, its reason and its end are kept; they find it in the copy of their data.",
    ),
)


class SuspendForm(RefusableForm):
    reason = forms.CharField(max_length=300, widget=REASON, help_text="They read it.")
    days = forms.ChoiceField(
        choices=LENGTHS, required=False, initial="7", label="For how long", widget=UnfoldAdminSelectWidget
    )


class WordsForm(RefusableForm):
    words = forms.CharField(max_length=300, widget=REASON, label="Why", help_text="Kept in the history.")


class VisitForm(RefusableForm):
    reason = forms.CharField(
        max_length=LONGEST_REASON, widget=REASON, label="Why", help_text="A ticket, a question; at least 10 characters."
    )


class PersonPages:
    """For the admin of people: buttons on a person's page, each with a page that asks first."""

    actions_detail = ("suspend", "let_in", "visit")

    def has_suspend_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("accounts.suspend_user")

    def has_visit_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("accounts.visit_people")

    @action(description="Suspend", url_path="suspend", permissions=["suspend"], icon="block")
    def suspend(self, request: HttpRequest, object_id: int) -> HttpResponse:
        def carry_out(person: User, reason: str, days: str) -> None:
            until = timezone.now() + timedelta(days=int(days)) if days else None
            suspend_account(cast(User, request.user), person, reason, until)

        return self._asked(request, object_id, SUSPEND, SuspendForm, carry_out, "{person} is suspended.")

    @action(description="Let in again", url_path="let-in", permissions=["suspend"], icon="lock_open")
    def let_in(self, request: HttpRequest, object_id: int) -> HttpResponse:
        def carry_out(person: User, words: str) -> None:
            if not end_suspension(cast(User, request.user), person, words):
                raise Http404("They are not suspended.")

        return self._asked(request, object_id, LET_IN, WordsForm, carry_out, "{person} may sign in again.")

    @action(description="Visit", url_path="visit", permissions=["visit"], icon="visibility")
    def visit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        def carry_out(person: User, reason: str) -> None:
            request.session[IN_SESSION] = begin_visit(cast(User, request.user), person, reason).pk

        answer = self._asked(request, object_id, VISIT, VisitForm, carry_out, "")
        return redirect("home") if IN_SESSION in request.session else answer

    def _asked(
        self,
        request: HttpRequest,
        object_id: int,
        page: Page,
        form_class: type[RefusableForm],
        carry_out: Callable[..., None],
        done: str,
    ) -> HttpResponse:
        """The page with its form, or, once that is sent and nothing refused it, back to the person's."""
        admin: Any = self
        person = admin.get_object(request, str(object_id))
        if person is None:
            raise Http404("There is no such person.")
        if not admin.has_view_permission(request, person):
            raise PermissionDenied
        form = form_class(request.POST or None)
        if form.carries_out(lambda **fields: carry_out(person, **fields)):
            if done:
                messages.success(request, done.format(person=person.get_username()))
            return redirect("admin:accounts_user_change", person.pk)
        context = {
            **admin.admin_site.each_context(request), "form": form, "page": page, "person": person,
            "title": page.title.format(person=person.get_username()), "opts": User._meta,
        }  # fmt: skip
        return TemplateResponse(request, "admin/accounts/person_page.html", context, status=form.status)
