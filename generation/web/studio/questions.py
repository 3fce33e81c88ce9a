"""What is asked before something is lost, in a dialog and, without JavaScript, on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from generation.web.access import SignedInRequest


@dataclass(frozen=True, slots=True)
class Question:
    """`label` names the act and `stay` what becomes of it otherwise; `danger` where something is gone for good."""

    title: str
    text: str
    label: str
    stay: str
    danger: bool = True


STOP_RUN = Question(
    "Stop here and keep it?",
    "The best snapshot so far becomes your LoRA. The steps that were not done are not charged.",
    label="Stop and keep",
    stay="Let it go on",
    danger=False,
)
DISCARD_RUN = Question(
    "Stop and discard?",
    "Its snapshots are gone for good. Its credits come back, but for the steps up to the last snapshot that you "
    "downloaded.",
    label="Discard the training",
    stay="Let it go on",
)
DELETE_RUN = Question(
    "Delete this training?",
    "Its curve, snapshots and samples are gone for good. A LoRA that came of it stays.",
    label="Delete the training",
    stay="Keep the training",
)
CANCEL_SEARCH = Question(
    "Cancel this search?",
    "You pay for the trainings that were given up for better ones and for what you downloaded, and no LoRA is kept.",
    label="Cancel the search",
    stay="Let it go on",
)
DELETE_SEARCH = Question(
    "Delete this search?",
    "Its trainings, with their curves, snapshots and samples, are gone for good. A LoRA that came of it stays.",
    label="Delete the search",
    stay="Keep the search",
)
DELETE_DATASET = Question(
    "Delete this data set?",
    "Its pictures and captions are gone for good. LoRAs that were trained on them stay.",
    label="Delete the data set",
    stay="Keep the data set",
)


def asked(request: SignedInRequest, question: Question, name: str, page: str, code: str) -> HttpResponse:
    """The question about `name` on a page of its own; its form posts to the same address, “no” leads to `page`."""
    context = {"question": question, "name": name, "back_url": reverse(page, args=[code])}
    return render(request, "generation/studio/question.html", context)
