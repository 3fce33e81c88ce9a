"""How points and age make one number, the score: the points weigh less the older a picture is. Pure.

It never has to be computed anew as time goes by: old pictures do not sink, young ones begin higher.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from django.db.models import Expression, F
from django.db.models.functions import Ln

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
TENFOLD = timedelta(days=1)
"""Ten times the points stand as high as a picture that is this much younger."""


def score_of(approved_at: datetime) -> Expression:
    """For an update of the post that became public at this time, with the points that it has then."""
    return Ln(F("points") + 1.0) / math.log(10) + (approved_at - BEGAN) / TENFOLD
