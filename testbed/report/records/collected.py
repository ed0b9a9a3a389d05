"""Collects a record from the partial files of a run that wrote no record."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from testbed.catalogue.selection import Selection
from testbed.errors import UsageError
from testbed.launcher.run_folder import CaseFolder, RunFolder, is_running
from testbed.report.records.json_file import load
from testbed.verdict.verdict import Verdict, failed

NOT_JUDGED = "not judged"
STILL_RUNNING = "not judged yet"
_LONGEST_END = 2**20


def planned(selection: Selection) -> list[Verdict]:
    """The verdicts of a run that has judged nothing yet."""
    return [
        failed(case, selection.scenario(case).expects(case), NOT_JUDGED) for case in selection.cases
    ]


def collected(
    folder: RunFolder,
    plan: dict[str, Any],
    read: Callable[[Path], Any],
    fits: Callable[[dict[str, Any]], bool],
) -> dict[str, Any]:
    """The JSON of a run's record: the verdicts, and for other cases which workers reported.

    Args:
        folder: the folder of the run, with the reports of workers and the verdicts of worker 0.
        plan: the record as it was before the first case.
        read: returns the JSON of a file; None if the file is missing or invalid.
        fits: returns whether a record is valid. Invalid parts are omitted.
    """

    def fit(case: dict[str, Any]) -> bool:
        return fits({**plan, "scripts": [], "cases": [case]})

    cases = [_case(folder, case, read, fit) for case in plan["cases"]]
    return {
        **plan,
        "cases": cases,
        "seconds": round(sum(case["seconds"] for case in cases), 3),
        "as_expected": all(case["as_expected"] for case in cases),
    }


def _case(
    folder: RunFolder,
    planned_case: dict[str, Any],
    read: Callable[[Path], Any],
    fits: Callable[[dict[str, Any]], bool],
) -> dict[str, Any]:
    case = Verdict.from_json(planned_case).case
    own = folder.existing_case(case.id)
    reports = [read(own.report(number)) for number in range(case.deployment.processes)]
    reports = [each if fits({**planned_case, "reports": [each]}) else None for each in reports]
    judged = read(own.verdict)
    if isinstance(judged, dict) and judged.get("id") == case.id and fits(judged):
        return {**judged, "reports": [each for each in reports if each is not None]}
    why = STILL_RUNNING if is_running(folder.path) else NOT_JUDGED
    return {**planned_case, "evidence": f"{why}: {_reported(own, reports)}"}


def _reported(own: CaseFolder, reports: Sequence[Any]) -> str:
    """Which workers have reported, and which have not."""
    if not own.path.exists():
        return "not begun"
    there = [str(number) for number, report in enumerate(reports) if report is not None]
    missing = [str(number) for number, report in enumerate(reports) if report is None]
    if not missing:
        return "all have reported"
    return f"{_have(missing)} not reported" + (f", {_have(there)}" if there else "")


def _have(workers: Sequence[str]) -> str:
    return f"worker{'s' * (len(workers) > 1)} {', '.join(workers)} ha{'ve' if workers[1:] else 's'}"


def end_of(name: str) -> str:
    """Why the run in a folder ended; empty if it is not recorded."""
    with contextlib.suppress(UsageError):
        end = load(RunFolder(Path(name)).end, name, _LONGEST_END)
        return str(end["message"]) if isinstance(end, dict) and "message" in end else ""
    return ""
