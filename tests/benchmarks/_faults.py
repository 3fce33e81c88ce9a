"""The figures of `tests/faults`: its tests are run, and what each one held and measured is read from pytest's report.

What they hold beside that (one image and one settle each, no finding of the audit) is in the tests themselves.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Fault:
    """One row of tests: what they hold, and the words, unit and limit of each figure that they record."""

    test: str
    holds: str
    figures: Mapping[str, tuple[str, str, float]] = field(default_factory=dict)


FAULTS: Sequence[Fault] = (
    Fault(
        "test_dead_workers.py::test_a_worker_killed_with_eight_jobs_in_hand_twice",
        "worker killed with 8 jobs in flight, twice: all finished, 1 image and 1 settle each",
        {"back at work": ("the same: back at work after", "s", 45)},
    ),
    Fault(
        "test_dead_workers.py::test_a_poisonous_picture_takes_nobody_with_it",
        "a picture that kills its worker: dies alone at last, 4 others beside it finished",
    ),
    Fault("test_drained_workers.py", "worker stopped with 8 jobs in flight: requeued within the grace time, no death"),
    Fault(
        "test_lost_messages.py::test_the_broker_is_killed_and_started_again",
        "broker killed and restarted with 50 queued: none lost",
        {"recovered": ("the same: all 50 drawn after", "s", 75)},
    ),
    Fault(
        "test_lost_messages.py::test_the_broker_is_emptied_with_fifty_queued",
        "broker emptied with 50 queued: none lost",
        {"recovered": ("the same: an idle worker at work after", "s", 75)},
    ),
    Fault("test_lost_messages.py::test_every_wakeup_comes_five_times", "every wake-up five times: 1 image, 1 charge"),
    Fault("test_late_results.py", "a late result with an old attempt: discarded with its file"),
    Fault("test_last_credit.py", "50 at once on the last credit: as many accepted as it pays, never negative"),
    Fault("test_races.py", "cancel races finish 200 times: one end each, a release or an image"),
    Fault(
        "test_dying_submissions.py::test_killed_while_submitting[100]",
        "web process killed 100 times while submitting: no half job, no hold without a job",
    ),
    Fault(
        "test_dying_submissions.py::test_a_web_process_killed_while_it_is_asked[30]",
        "web process killed 30 times while asked over HTTP: no half job, an answer kept for each submission",
    ),
    Fault("test_full_storage.py", "storage refuses: failed with release and one message, recovers by itself"),
    Fault("test_wrong_clocks.py", "a worker's clock 5 minutes off: no false requeue"),
    Fault(
        "test_soak.py",
        "2,000 tiny jobs: none stuck",
        {
            f"{what} of {part}": (f"the same: {words} of the {part} process after the first 200", unit, limit)
            for part in ("gpu", "house", "web", "valkey")
            for what, words, unit, limit in (
                ("memory", "growth of memory", "%", 5),
                ("handles", "more file handles", "", 0),
            )
        },
    ),
)


def run() -> Rows:
    with tempfile.TemporaryDirectory(prefix="tempera-faults-") as folder:
        report = Path(folder) / "report.xml"
        tests = [f"tests/faults/{fault.test}" for fault in FAULTS]
        # One after another: two at once would share the seconds that are measured.
        # The newer kind of report has no place for what a test measured.
        report_to = ["-o", "junit_family=xunit1", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *report_to, *tests]
        subprocess.run(command, check=False, stdout=sys.stderr)
        cases = list(ElementTree.parse(report).iter("testcase"))
    return [row for fault in FAULTS for row in rows_of(fault, cases)]


def rows_of(fault: Fault, cases: Sequence[ElementTree.Element]) -> Rows:
    mine = [case for case in cases if is_of(case, fault)]
    passed = sum(not list(case.iterfind("failure")) and not list(case.iterfind("error")) for case in mine)
    held = 0 < passed == len(mine)
    measured = [(one.get("name", ""), float(one.get("value", "nan"))) for case in mine for one in case.iter("property")]
    rows: Rows = [{"what": fault.holds, "value": int(held), "unit": "", "goal": "1", "holds": held}]
    for name, (what, unit, limit) in fault.figures.items():
        value = max((value for key, value in measured if key == name), default=float("nan"))
        rows.append(
            {"what": what, "value": round(value, 2), "unit": unit, "goal": f"<= {limit:g}", "holds": value <= limit}
        )
    return rows


def is_of(case: ElementTree.Element, fault: Fault) -> bool:
    file, _, name = fault.test.partition("::")
    return case.get("classname", "").endswith(f".{file.removesuffix('.py')}") and name in ("", case.get("name"))
