"""A1111's prompt language, read without Django or torch: tags, AND, schedules, attention, choices and wildcards.

A text is read in this order: `strip_comments` and `expand` once, when a recipe is submitted; then, whenever it is
rendered, `extract_tags` and `compose` (not for negative prompts), `schedule`, `attention`. `inspect` explains it all.
"""

from generation.prompting.attention import attention
from generation.prompting.composition import compose
from generation.prompting.expansion import expand, strip_comments
from generation.prompting.inspection import inspect
from generation.prompting.names import KnownName
from generation.prompting.report import Inspection, Problem
from generation.prompting.schedule import schedule, segment_at
from generation.prompting.tags import Tag, TagError, extract_tags
from generation.prompting.timelines import modernize
from generation.prompting.weighing import Measure, Size

__all__ = [
    "Inspection",
    "KnownName",
    "Measure",
    "Problem",
    "Size",
    "Tag",
    "TagError",
    "attention",
    "compose",
    "expand",
    "extract_tags",
    "inspect",
    "modernize",
    "schedule",
    "segment_at",
    "strip_comments",
]
