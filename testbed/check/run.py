"""Runs somebody's own program and watches it: the whole check on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testbed.check.finding import Finding
from testbed.check.judge import judge
from testbed.check.seen import Place, Seen
from testbed.launcher.cluster_end import ClusterEnd
from testbed.launcher.cluster_run import Deadlines
from testbed.launcher.report_file import read_report
from testbed.own_code_run import Place as Bench
from testbed.program_run import Program, ProgramEnd, program_end

MODULE = "testbed.worker.checked"
ENTRY = f"{MODULE}:run_checked"


@dataclass(frozen=True)
class Checked:
    """What came of a check."""

    program: ProgramEnd
    findings: tuple[Finding, ...]
    watching: float
    """Seconds of worker 0's time that watching took."""


async def check_program(bench: Bench, program: Program, deadlines: Deadlines) -> Checked:
    """Run a program in every worker of the bench, watched, and judge what was seen."""
    orders = {
        "program": program.name,
        "is_module": program.is_module,
        "arguments": list(program.arguments),
    }
    end = await bench.run(ENTRY, orders, deadlines)
    reports = [
        dict(read_report(bench.folder, worker.worker)) if worker.reported else {}
        for worker in end.workers
    ]
    seen = [Seen.from_json(report["seen"]) for report in reports if report]
    found = judge(seen) if seen else []
    return Checked(
        program_end(end, reports),
        (*_hang(end, reports), *found),
        float(reports[0].get("watching", 0)) if reports[0] else 0.0,
    )


def _hang(end: ClusterEnd, reports: Sequence[dict[str, Any]]) -> list[Finding]:
    """Where the workers wait that never came to their end."""
    if not end.overdue or any(worker.complaint for worker in end.workers):
        return []
    failed = any(report.get("code") for report in reports)
    waiting = [worker.place for worker in end.workers if worker.place.in_tensorflow]
    if failed or not waiting:
        return []
    first = waiting[0]
    return [Finding("TB401", Place(first.file, first.line) if first.file else None, end.hang)]
