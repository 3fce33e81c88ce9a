"""`python -m tests.architecture.shown_settings NAME...`: prints these settings as JSON."""

from __future__ import annotations

import json
import sys

from django.conf import settings

if __name__ == "__main__":
    print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
