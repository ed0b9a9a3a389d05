"""Collects a record from the partial files of a run that wrote no record."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from testbed.catalogue.selection import Selection
from testbed.decoding import InvalidDataError, decoded
from testbed.errors import UsageError
from testbed.launcher.run_folder import CaseFolder, RunFolder, is_running
from testbed.report.records.json_file import load
from testbed.report.records.record import RunRecord
from testbed.verdict.entry import CaseEntry
from testbed.verdict.reading import WorkerReport
from testbed.verdict.verdict import Verdict, failed

Kind = TypeVar("Kind")

NOT_JUDGED = "not judged"
STILL_RUNNING = "not judged yet"
_LONGEST_END = 2**20


def planned(selection: Selection) -> list[Verdict]:
    """The verdicts of a run that has judged nothing yet."""
    return [
        failed(case, selection.scenario(case).expects(case), NOT_JUDGED) for case in selection.cases
    ]


def collected(folder: RunFolder, plan: RunRecord) -> RunRecord:
    """The record of a run: the verdicts, and for other cases which workers reported.

    Args:
        folder: the folder of the run, with the reports of workers and the verdicts of worker 0.
            Files that are missing or invalid are omitted.
        plan: the record as it was before the first case.
    """
    cases = tuple(_case(folder, entry) for entry in plan.cases)
    return replace(
        plan,
        cases=cases,
        seconds=round(sum(case.seconds for case in cases), 3),
        as_expected=all(case.as_expected for case in cases),
    )


def _case(folder: RunFolder, plan: CaseEntry) -> CaseEntry:
    case = plan.case
    own = folder.existing_case(case.id)
    reports = [_read(WorkerReport, own.report(n)) for n in range(case.deployment.processes)]
    judged = _read(CaseEntry, own.verdict)
    if judged and judged.case == case:
        return replace(judged, reports=tuple(each for each in reports if each))
    why = STILL_RUNNING if is_running(folder.path) else NOT_JUDGED
    return replace(plan, evidence=f"{why}: {_reported(own, reports)}")


def _read(kind: type[Kind], path: Path) -> Kind | None:
    """The content of a file; None if the file is missing or invalid."""
    with contextlib.suppress(UsageError, InvalidDataError):
        return decoded(kind, load(path, str(path)))
    return None


def _reported(own: CaseFolder, reports: Sequence[WorkerReport | None]) -> str:
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
