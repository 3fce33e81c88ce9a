"""A1111's prompt language, read without Django or torch: tags, AND, schedules, attention, choices and wildcards."""

from generation.prompting.attention import attention
from generation.prompting.comments import strip_comments
from generation.prompting.composition import compose
from generation.prompting.expansion import expand
from generation.prompting.schedule import schedule, segment_at
from generation.prompting.tags import Tag, TagError, extract_tags

__all__ = [
    "Tag",
    "TagError",
    "attention",
    "compose",
    "expand",
    "extract_tags",
    "schedule",
    "segment_at",
    "strip_comments",
]
