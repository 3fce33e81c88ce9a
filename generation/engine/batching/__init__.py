"""Requests grouped into batches, step by step, by one engine thread."""
