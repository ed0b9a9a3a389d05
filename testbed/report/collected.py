"""The record of a run that wrote none, from what its workers and worker 0 had written by then."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from testbed.launcher.run_folder import CaseFolder, RunFolder
from testbed.selection import Selection
from testbed.verdict import Verdict, failed

NOT_JUDGED = "the run ended before it was judged"


def planned(selection: Selection) -> list[Verdict]:
    """The verdicts of a run that has judged nothing yet."""
    return [
        failed(case, selection.scenario(case).expects(case), NOT_JUDGED) for case in selection.cases
    ]


def collected(folder: RunFolder, plan: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a run's record: what was judged, and of the rest who has reported.

    Args:
        folder: of the run.
        plan: its record as it was before the first case.
    """
    cases = [_case(folder, case) for case in plan["cases"]]
    return {
        **plan,
        "cases": cases,
        "seconds": round(sum(case["seconds"] for case in cases), 3),
        "as_expected": all(case["as_expected"] for case in cases),
    }


def _case(folder: RunFolder, planned_case: dict[str, Any]) -> dict[str, Any]:
    case = Verdict.from_json(planned_case).case
    own = folder.existing_case(case.id)
    reports = [_read(own.report(number)) for number in range(len(case.deployment.tasks))]
    if (judged := _read(own.verdict)) is not None:
        return {**judged, "reports": [each for each in reports if each is not None]}
    return {**planned_case, "evidence": f"{NOT_JUDGED}: {_who(own, reports)}"}


def _who(own: CaseFolder, reports: Sequence[Any]) -> str:
    """Who has reported, and who is missing."""
    if not own.path.exists():
        return "it had not begun"
    there = [str(number) for number, report in enumerate(reports) if report is not None]
    missing = [str(number) for number, report in enumerate(reports) if report is None]
    told = f"worker {', '.join(missing)} has not reported" if missing else "all have reported"
    return told + f", worker {', '.join(there)} has" * bool(there and missing)


def _read(file: Path) -> Any:
    """The JSON of a file; None where it is not there, or not whole."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads(file.read_text(encoding="utf-8"))
    return None


def end_of(name: str) -> str:
    """Why the run in a folder ended, where it says that; nothing of anything else."""
    path = Path(name)
    end = _read(RunFolder(path).end) if path.is_dir() else None
    return str(end["message"]) if isinstance(end, dict) else ""
