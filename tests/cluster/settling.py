"""`python -m tests.cluster.settling COUNT`: people, their credits and the bucket, on an empty cluster; told as JSON."""

from __future__ import annotations

import json
import sys

import boto3
import django
from django.conf import settings

CREDITS = 10_000


def main(count: int) -> None:
    django.setup()
    from django.core.management import call_command

    from accounts.models import Plan

    call_command("migrate", verbosity=0)
    options = settings.S3_OPTIONS
    boto3.client(
        "s3",
        endpoint_url=options["endpoint_url"],
        region_name=options["region_name"],
        aws_access_key_id=options["access_key"],
        aws_secret_access_key=options["secret_key"],
    ).create_bucket(Bucket=settings.S3_BUCKET)
    Plan.default()
    Plan.objects.update(max_queued=100, max_running=100)
    print(json.dumps([person(f"person{number}") for number in range(count)]))


def person(name: str) -> dict[str, str]:
    from accounts.credits import grant
    from accounts.models import ApiToken, User
    from tests.benchmarks._page_people import session_of

    user = User.objects.create_user(name, f"{name}@example.org")
    grant(user, CREDITS, reference=f"cluster:{name}")
    _, key = ApiToken.objects.create(user=user, name="cluster")
    return {"name": name, "key": key, "session": session_of(user)}


if __name__ == "__main__":
    main(int(sys.argv[1]))
