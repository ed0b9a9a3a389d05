"""The record of a run: the JSON that is kept, compared and shown elsewhere."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from typing import Any

from testbed import __version__
from testbed.runner import Run

# Raised whenever a field changes its meaning or goes; a new field alone does not raise it.
RECORD_VERSION = 1


def record_of(run: Run, command: Sequence[str]) -> dict[str, Any]:
    """A run as JSON types.

    `cases` has one entry a case, in the order of the table; `testbed/verdict.py` names its fields,
    and `testbed/reading.py` those of the readings in it.
    """
    facts = [report.facts for verdict in run.verdicts for report in verdict.reports]
    return {
        "version": RECORD_VERSION,
        "testbed": __version__,
        "tensorflow": next((known["tensorflow"] for known in facts), None),
        "python": platform.python_version(),
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
        "run": run.folder.id,
        "command": list(command),
        "seconds": round(run.seconds, 3),
        "as_expected": run.as_expected,
        "cases": [verdict.to_json() for verdict in run.verdicts],
    }
