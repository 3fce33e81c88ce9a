"""How long it takes to read and to explain prompts, hostile ones included, and how that compares with a general parser.

Times are of the processor, the best of nine, so that a busy machine does not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from generation.prompting import KnownName, TagError, attention, compose, expand, extract_tags, inspect, schedule
from tests.generation.prompting import earley
from tests.generation.prompting.texts import CAT, EASY_NEGATIVE, LENGTH, MUSICIAN, WORST, hostile, random_texts

STEPS = 20
MOST_STEPS = 60
LIMIT_MS = 20.0
TIMES_FASTER = 50.0

LISTS = {f"list{number}": ["a", "b __list1__", "{c|d} e"] for number in range(100)} | {"a": ["__a__ __a__"]}
LORAS = [KnownName(f"lora-{number * 7919 % 10_007}_v{number}", "sd1", (f"trigger{number}",)) for number in range(500)]
EMBEDDINGS = [KnownName(f"embedding-{number * 7919 % 10_007}", "sd1") for number in range(500)]


def run() -> list[dict[str, Any]]:
    texts = [*hostile(), *whole_length()]
    reading = max(best_ms(partial(read, text)) for text in texts)
    alternating = max(best_ms(partial(schedule, text, MOST_STEPS)) for text in texts)
    explaining = max(best_ms(partial(explain, text)) for text in texts)
    usual = sum(best_ms(partial(explain, text)) for text in brought()) / len(brought())
    return [
        figure(f"reading the worst of {len(texts)} texts of {LENGTH} characters, {STEPS} steps", reading, LIMIT_MS),
        figure(f"the worst schedule of them over {MOST_STEPS} steps", alternating, LIMIT_MS),
        figure("explaining the worst of them beside 500 LoRAs and 500 embeddings", explaining, LIMIT_MS),
        figure("explaining a usual prompt", usual, LIMIT_MS),
        faster_than_earley(),
    ]


def figure(what: str, milliseconds: float, limit: float) -> dict[str, Any]:
    return {
        "what": what,
        "value": round(milliseconds, 3),
        "unit": "ms",
        "goal": f"< {limit:g}",
        "holds": milliseconds < limit,
    }


def faster_than_earley() -> dict[str, Any]:
    """Only the parse is counted on the other side, the whole schedule on ours."""
    corpus = [*brought(), *random_texts(300, seed=7, longest=40), *usual_prompts(100)]
    earley.parser()
    theirs = sum(best_ms(partial(earley.parse, text), 2) for text in corpus)
    ours = sum(best_ms(partial(schedule, text, STEPS)) for text in corpus)
    return {
        "what": f"schedules of {len(corpus)} mixed texts against an Earley parse of the same grammar",
        "value": round(theirs / ours),
        "unit": "times faster",
        "goal": f">= {TIMES_FASTER:g}",
        "holds": theirs / ours >= TIMES_FASTER,
    }


def brought() -> list[str]:
    return [MUSICIAN, EASY_NEGATIVE, CAT, WORST]


def usual_prompts(count: int) -> list[str]:
    """Prompts of usual length with attention, a switch and an alternation among their words."""
    words = "masterpiece, best quality, (detailed face:1.2), [oil|ink] painting, a [cat:dog:0.4] on ((the floor)), "
    return [(words * 5)[number : 3 * number + 60] for number in range(count)]


def whole_length() -> Iterable[str]:
    for number, text in enumerate(random_texts(40, seed=9, longest=1_000)):
        yield (text * 200 if text else str(number))[:LENGTH]


def read(text: str) -> None:
    """Everything that happens to a prompt on its way to the text encoder, short of weighing what repeats."""
    drawn = expand(text, 1, LISTS)[:LENGTH]
    try:
        rest = extract_tags(drawn)[0]
    except TagError:
        rest = drawn
    for part, _ in compose(rest):
        attention(schedule(part, STEPS)[0][1])


def explain(text: str) -> None:
    inspect(text, STEPS, family="sd1", loras=LORAS, embeddings=EMBEDDINGS, wildcards=LISTS)


def best_ms(work: Callable[[], object], rounds: int = 9) -> float:
    return min(once_ms(work) for _ in range(rounds))


def once_ms(work: Callable[[], object]) -> float:
    begin = time.thread_time()
    work()
    return (time.thread_time() - begin) * 1_000
