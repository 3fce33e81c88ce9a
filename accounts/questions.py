"""Asking before something is lost: in a dialog (`components/confirm.html`) and, without JavaScript, on a page."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@dataclass(frozen=True, slots=True)
class Question:
    """`label` names the act and `stay` what becomes of it otherwise; `danger` where something is gone for good."""

    title: str
    text: str
    label: str
    stay: str
    danger: bool = True


def ask(request: HttpRequest, question: Question, subject: str, back_url: str) -> HttpResponse:
    """The question about `subject` on a page of its own; its form posts to the same address, “no” leads back."""
    return render(request, "question.html", {"question": question, "subject": subject, "back_url": back_url})
