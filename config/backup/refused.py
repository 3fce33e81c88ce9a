"""What a backup or its restoring refuses, as a sentence for the operator."""

from __future__ import annotations


class Refused(Exception):
    """Nothing was changed; the message says why and what to do."""
