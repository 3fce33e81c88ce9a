"""progress, interrupt and skip: of what one token waits for, and of nothing else, be it of the same person."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from accounts.models import ApiToken, User
from generation.imaging.encode import encode_preview
from generation.jobs.queueing import claim_next
from generation.jobs.submission import submit_jobs
from generation.messages.frames import Frame, publish_frame
from generation.models import Checkpoint, Job
from generation.recipes.picture import Recipe
from tests.conftest import credits_of
from tests.generation.api.a1111.conftest import NewProgram, ask, draw_all, get

pytestmark = pytest.mark.usefixtures("catalog")
RECIPE = Recipe("a red apple", width=128, height=128, steps=40)


def queued(token: ApiToken | None, user: User, count: int = 1) -> list[Job]:
    return submit_jobs(user, RECIPE, count, token)


def shown(job: Job, step: int, seconds: float = 3.0) -> None:
    preview = encode_preview(np.full((16, 24, 3), 200, np.uint8))
    publish_frame(job.owner_id, Frame(job.code, 100 * step // 40, step, 40, seconds, preview))


def states() -> dict[str, int]:
    return {
        state: Job.objects.filter(state=state).count() for state in set(Job.objects.values_list("state", flat=True))
    }


def test_nothing_to_wait_for(program: Any, alice: User) -> None:
    """What programs take for a site that is ready; her own page's picture is none of this token's."""
    queued(None, alice)
    told = get(program, "progress")
    assert (told["progress"], told["eta_relative"], told["current_image"], told["textinfo"]) == (0, 0, None, None)
    assert (told["state"]["job_count"], told["state"]["sampling_steps"]) == (0, 0)


def test_the_sum_of_what_it_waits_for(program: Any, alice: User) -> None:
    jobs = queued(program.token, alice, 4)
    assert get(program, "progress")["progress"] == 0.01
    first = claim_next("somebody slow")
    draw_all()
    told = get(program, "progress")
    assert (told["progress"], told["state"]["job_count"], told["state"]["job_no"]) == (0.75, 4, 3)
    assert first is not None and first.pk == jobs[0].pk
    shown(first, 20)
    told = get(program, "progress")
    assert (told["progress"], told["eta_relative"]) == (0.875, 3.0)
    assert (told["state"]["sampling_step"], told["state"]["sampling_steps"]) == (20, 40)


def test_the_last_preview_is_a_picture(program: Any, alice: User) -> None:
    (job,) = queued(program.token, alice)
    claim_next("w")
    shown(job, 4)
    picture = Image.open(io.BytesIO(base64.b64decode(get(program, "progress")["current_image"])))
    assert (picture.format, picture.size) == ("PNG", (24, 16))
    assert get(program, "progress", skip_current_image="true")["current_image"] is None
    assert get(program, "progress", skip_current_image="True")["current_image"] is None


def test_what_has_ended_is_not_counted_again(program: Any, alice: User) -> None:
    queued(program.token, alice, 2)
    draw_all()
    assert get(program, "progress")["progress"] == 0
    queued(program.token, alice)
    assert get(program, "progress")["state"]["job_count"] == 1


def test_of_other_tokens_nothing_is_told_and_nothing_ended(
    program: Any, alice: User, charlie: User, new_program: NewProgram
) -> None:
    from accounts.credits import grant

    grant(charlie, 100, reference="gift")
    charlies: Any = new_program(charlie)
    (foreign,), (others,), (pages,) = (
        queued(charlies.token, charlie),
        queued(new_program(alice).token, alice),  # type: ignore[attr-defined]
        queued(None, alice),
    )
    (mine,) = queued(program.token, alice)
    assert get(program, "progress")["state"]["job_count"] == 1
    for name in ("skip", "interrupt"):
        assert ask(program, name).json() == {}
    assert Job.objects.get(pk=mine.pk).state == Job.State.CANCELLED
    left = Job.objects.filter(pk__in=[foreign.pk, others.pk, pages.pk])
    assert left.unfinished().count() == 3
    assert get(program, "progress")["progress"] == 0


def test_interrupt_ends_all_and_gives_back_what_was_not_drawn(program: Any, alice: User) -> None:
    jobs = queued(program.token, alice, 3)
    running = claim_next("w")
    assert running is not None
    shown(running, 20)
    assert ask(program, "interrupt").json() == {}
    assert states() == {"cancelled": 3}
    assert credits_of(alice) == 1000 - Job.objects.get(pk=running.pk).cancel_cost
    assert 0 < Job.objects.get(pk=running.pk).cancel_cost <= jobs[0].credits
    assert ask(program, "interrupt").status_code == 200


def test_skip_ends_what_is_drawn(program: Any, alice: User) -> None:
    queued(program.token, alice, 3)
    claim_next("w")
    assert ask(program, "skip").json() == {}
    assert states() == {"cancelled": 1, "queued": 2}


def test_interrupt_needs_no_body(program: Any, catalog: Checkpoint) -> None:
    """SillyTavern sends none, and no type of one, when its tab is closed."""
    assert program.generic("POST", "/sdapi/v1/interrupt").status_code == 200
