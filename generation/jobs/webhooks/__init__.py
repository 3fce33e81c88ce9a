"""Webhooks: other people's programs are told when a job of theirs ends. Off until the operator allows hosts."""
