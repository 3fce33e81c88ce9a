"""The admin of comments: what was said, reported and decided. What is public is removed on the site itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from accounts.refusals import Refusal
from gallery import moderation
from gallery.admin.screen import DecisionsInline, ForModerators
from gallery.models import Comment, CommentDecision, CommentReport

Verb = Callable[[User, Any, str], Any]
REASON = "This gallery does not take such words."


class CommentDecisions(DecisionsInline):
    model = CommentDecision


@admin.register(Comment)
class CommentAdmin(ForModerators):
    list_display = ["submitted_at", "author", "words", "state", "post"]
    list_filter = ["state"]
    list_select_related = ["post", "author"]
    search_fields = ["words", "author__username"]
    inlines = [CommentDecisions]
    actions = ["approve", "reject"]

    @admin.action(description="Let everybody read them")
    def approve(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self.decide(request, comments, moderation.approve, "")

    @admin.action(description="Do not accept them")
    def reject(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self.decide(request, comments, moderation.reject, REASON)

    def decide(self, request: HttpRequest, comments: QuerySet[Comment], verb: Verb, reason: str) -> None:
        for comment in comments:
            try:
                verb(cast(User, request.user), comment, reason)
            except Refusal as refusal:
                messages.error(request, f"“{comment}”: {refusal.message}")


@admin.register(CommentDecision)
class CommentDecisionAdmin(ForModerators):
    list_display = ["at", "comment", "verb", "who", "reason", "from_state", "to_state"]
    list_filter = ["verb"]
    list_select_related = ["comment", "who"]


@admin.register(CommentReport)
class CommentReportAdmin(ForModerators):
    list_display = ["at", "comment", "reason", "words", "user", "closed_at"]
    list_filter = ["reason"]
    list_select_related = ["comment", "user"]
