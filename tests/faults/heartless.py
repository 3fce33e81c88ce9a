"""`python -m tests.faults.heartless worker ...`: Celery in a process that sends one heartbeat and then no more.

So the worker never learns that its job was given to another, and ends it late.
"""

from __future__ import annotations

import sys

import django


def main() -> None:
    django.setup()
    from celery.__main__ import main as celery

    from generation.models import leases

    leases.HEARTBEAT_SECONDS = 3600.0
    sys.argv[0] = "celery"
    celery()


if __name__ == "__main__":
    main()
