"""Explains a prompt before it is rendered: what it says at every step, what it names, and what is wrong where.

No rule of the language lives here: each is read by its own module, on text that remembers where it was typed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from generation.prompting.composition import AND, MAX_PROMPTS, Subprompt, split
from generation.prompting.diagnosis import composition_problems, problem, syntax_problems
from generation.prompting.expansion import Expansion, comment_spans, draw
from generation.prompting.grammar import Script, parse
from generation.prompting.mentions import MAX_GUESSES, Mentions
from generation.prompting.names import KnownName, NameIndex
from generation.prompting.report import Inspection, Node, Problem, Prompt, Segment
from generation.prompting.schedule import segments
from generation.prompting.traced import Traced
from generation.prompting.tree import tree
from generation.prompting.weighing import Measure, WeightMap

MAX_PROBLEMS = 100


def inspect(
    text: str,
    steps: int,
    *,
    negative: bool = False,
    family: str = "",
    loras: Iterable[KnownName] | None = None,
    embeddings: Iterable[KnownName] | None = None,
    wildcards: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
    measure: Measure | None = None,
    calls: int | None = None,
) -> Inspection:
    """Everything about `text` as a prompt whose schedules are laid over `steps` (`recipes.sampling.schedule_length`).

    `calls` is how often the UNet is called where that is not `steps`, and `measure` gives the tokens and chunks.
    Names and lists that are None are not checked. `family` is the checkpoint's. `seed` decides what choices and
    wildcards show. Never raises over a text; the time is linear in its length, and at most 100 problems are told,
    errors before warnings.
    """
    inspector = _Inspector(steps, calls or steps, WeightMap(len(text), measure))
    body = inspector.prepare(text, seed, wildcards)
    expanded = body.text
    mentions = Mentions(inspector.problems)
    if negative:
        mentions.refuse_tags(body)
    else:
        body = mentions.take_tags(body, None if loras is None else NameIndex(loras, family))
    if embeddings is not None:
        mentions.find_embeddings(body, NameIndex(embeddings, family))
    inspector.read(body, negative)
    inspector.check_schedules(mentions)
    return inspector.inspection(text, expanded, mentions)


@dataclass(slots=True)
class _Inspector:
    """What has been found so far."""

    steps: int
    calls: int
    weight_map: WeightMap
    problems: list[Problem] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    expansion: Expansion | None = None

    def prepare(self, text: str, seed: int, wildcards: Mapping[str, Sequence[str]] | None) -> Traced:
        """The text as it would be submitted: without comments, choices and wildcards drawn."""
        typed = Traced.typed(text)
        self.expansion = draw(typed.without(comment_spans(text)), seed, wildcards)
        faults = self.expansion.faults[:MAX_PROBLEMS]
        index = NameIndex(KnownName(name) for name in (wildcards or ()) if faults)
        for guess, fault in enumerate(faults):
            is_list = fault.code.startswith("wildcard")
            near = index.near(fault.name, count=1) if is_list and guess < MAX_GUESSES else ()
            self.problems.append(problem(fault.code, (fault.start, fault.end), near, name=fault.name))
        return self.expansion.text

    def read(self, body: Traced, negative: bool) -> None:
        """Read each of the prompts that AND joins; a negative prompt is only one."""
        if negative:
            for word in AND.finditer(body.text):
                self.problems.append(problem("and-in-negative", body.origin(*word.span())))
        parts = [Subprompt(body.text, 1.0, 0, len(body.text))] if negative else split(body.text)
        if not negative:
            self.problems.extend(composition_problems(parts, body))
        for part in parts[:MAX_PROMPTS]:
            self._read_part(part, body.part(part.start, part.end))

    def _read_part(self, part: Subprompt, source: Traced) -> None:
        script = parse(source.text, self.steps)
        self.problems.extend(islice(syntax_problems(script, source, self.calls), MAX_PROBLEMS))
        self.nodes.extend(tree(script, source))
        place = source.origin(0, len(source.text))
        self.prompts.append(Prompt(*place, part.weight, tuple(self._segments(script, source))))

    def _segments(self, script: Script, source: Traced) -> list[Segment]:
        weighed = {}
        row: list[Segment] = []
        first_call = 0
        for end, visible in segments(script, self.steps):
            if id(visible) not in weighed:
                weighed[id(visible)] = script.text_of(visible), self.weight_map.weigh(source, visible)
            text, weights = weighed[id(visible)]
            row.append(Segment(end, first_call, min(end, self.calls - 1), text, *(weights or (None, None, None))))
            first_call = end + 1
        if None in [weights for _, weights in weighed.values()]:
            self.problems.append(problem("not-all-weighed", source.origin(0, len(source.text))))
        return row

    def check_schedules(self, mentions: Mentions) -> None:
        """Tags within a switch or an alternation: they are gone before schedules are read."""
        tags = sorted((mention.start, mention.end) for mention in mentions.named if mention.kind == "lora")
        reached = 0
        for node in self.nodes:
            if node.kind not in ("switch", "alternation") or node.end <= reached:
                continue
            for tag in tags[bisect_left(tags, (node.start, 0)) : bisect_left(tags, (node.end, 0))]:
                self.problems.append(problem("scheduled-tag", tag))
            reached = node.end

    def inspection(self, text: str, expanded: str, mentions: Mentions) -> Inspection:
        problems = list(dict.fromkeys([*self.problems, *self.weight_map.problems]))
        problems.sort(key=lambda problem: problem.severity != "error")
        return Inspection(
            text=text,
            expanded=expanded,
            steps=self.steps,
            prompts=tuple(self.prompts),
            tree=tuple(self.nodes),
            mentions=tuple(sorted(mentions.named, key=lambda mention: mention.start)),
            spans=tuple(sorted(self.weight_map.spans, key=lambda span: span.start)),
            breaks=tuple(self.weight_map.breaks),
            draws=tuple(self.expansion.draws if self.expansion else ()),
            problems=tuple(sorted(problems[:MAX_PROBLEMS], key=lambda problem: problem.start)),
        )
