"""A1111's prompt language, read without Django or torch: tags, AND, schedules, attention, choices and wildcards."""

from generation.prompting.attention import attention
from generation.prompting.composition import compose
from generation.prompting.schedule import schedule, segment_at
from generation.prompting.tags import Tag, TagError, extract_tags

__all__ = ["Tag", "TagError", "attention", "compose", "extract_tags", "schedule", "segment_at"]
