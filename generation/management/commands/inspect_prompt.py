"""`manage.py inspect_prompt "TEXT"`: what a prompt says at every step, what it names and what is wrong."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management.tables import require_tables
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.inspecting import Inspected, inspect_prompt
from generation.catalog.resolving import find_checkpoint
from generation.prompting import Inspection, Problem
from generation.prompting.report import Mention, Prompt
from generation.recipes.fields import FIELDS, STEPS_RANGE
from generation.recipes.sampling import SAMPLERS

UNDERLINE = {"error": "^", "warning": "~"}


class Command(BaseCommand):
    help = "Explain a prompt: its weights, schedule, LoRAs and tokens, and what is wrong where."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prompt")
        parser.add_argument("--negative", action="store_true", help="read the text as a negative prompt")
        parser.add_argument("--steps", type=int, help="{} to {}; default: the checkpoint's".format(*STEPS_RANGE))
        parser.add_argument("--sampler", default="", choices=["", *SAMPLERS], help="some look twice at each step")
        parser.add_argument("--checkpoint", default="", help="a name of the catalog; default: the site's")
        parser.add_argument("--seed", type=int, default=0, help="decides choices and wildcards; default: 0")
        parser.add_argument("--json", action="store_true", help="everything, for programs")

    def handle(self, *, prompt: str, negative: bool, steps: int | None, **options: Any) -> str:
        require_tables()
        field = "negative_prompt" if negative else "prompt"
        nobody = User(username="shell", is_superuser=True)
        try:
            checkpoint = find_checkpoint(nobody, options["checkpoint"])
            steps = checkpoint.default_steps if steps is None else steps
            for name, value in (("steps", steps), ("seed", options["seed"]), (field, prompt)):
                FIELDS[name].check(value)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        inspected = inspect_prompt(
            nobody,
            "" if negative else prompt,
            prompt if negative else "",
            checkpoint=checkpoint,
            steps=steps,
            sampler=options["sampler"] or checkpoint.default_sampler,
            seed=options["seed"],
        )
        found = inspected.negative if negative else inspected.prompt
        if options["json"]:
            return json.dumps(found.to_json(), ensure_ascii=False, indent=2)
        return "\n".join(report(found, inspected))


def report(found: Inspection, inspected: Inspected) -> Iterator[str]:
    """The inspection in lines for people."""
    yield found.text
    if found.expanded != found.text:
        yield f"drawn:  {found.expanded}"
    yield f"tokens: {found.tokens} of {(found.chunks or 1) * inspected.chunk_tokens}"
    for mention in found.mentions:
        yield f"{mention.kind}:   {named(mention)}"
    for prompt in found.prompts:
        yield from schedule_lines(prompt)
    for span in found.spans:
        yield f"weight: {span.weight:.3g}  {found.text[span.start : span.end].strip()}"
    for problem in found.problems:
        yield from problem_lines(found.text, problem)
    errors, warnings = len(found.errors), len(found.problems) - len(found.errors)
    yield f"{errors} errors, {warnings} warnings" if found.problems else "Nothing is wrong."


def named(mention: Mention) -> str:
    weight = "" if mention.weight is None else f" {mention.weight:g}"
    words = f", trigger words: {', '.join(mention.trigger_words)}" if mention.trigger_words else ""
    return f"{mention.name}{weight} ({mention.status}{words})"


def schedule_lines(prompt: Prompt) -> Iterator[str]:
    lasting = [segment for segment in prompt.segments if segment.last_call >= segment.first_call]
    if prompt.weight != 1:
        yield f"part:   weight {prompt.weight:g}"
    for segment in lasting if len(lasting) > 1 else ():
        yield f"calls {segment.first_call + 1}–{segment.last_call + 1}: {segment.text}"


def problem_lines(text: str, problem: Problem) -> Iterator[str]:
    """The line of the text with the place underlined, and the sentence."""
    first = text.rfind("\n", 0, problem.start) + 1
    line = text[first:].partition("\n")[0]
    length = max(1, min(problem.end, first + len(line)) - problem.start)
    yield f"{problem.severity} at character {problem.start + 1}: {problem.message}"
    yield f"  {line}"
    yield f"  {' ' * (problem.start - first)}{UNDERLINE[problem.severity] * length}"
