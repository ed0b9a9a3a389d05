"""Reads the reports of the workers of a checked program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd
from testbed.launcher.cluster.report_file import UnreadableReportError, read_typed_report
from testbed.launcher.run_folder import CaseFolder
from testbed.orders.own_code import CheckedReport
from testbed.run.user_code.program import ProgramEnd, program_end

Reports = Sequence[CheckedReport | None]
"""The report of each worker; None for a worker without one."""


def _ignore(_: str) -> None:
    """For runs of which an unreadable report only means that nothing is known."""


def read_reports(
    folder: CaseFolder, end: ClusterEnd, lose: Callable[[str], None] = _ignore
) -> Reports:
    """The report of each worker; None without one, or where it cannot be read.

    Args:
        folder: of the program.
        end: how the workers ended.
        lose: gets a sentence about each report that cannot be read, so that no loss is silent.
    """
    return [_read(folder, worker, lose) for worker in end.workers]


def end_of_program(end: ClusterEnd, reports: Reports) -> ProgramEnd:
    """How a checked program ended: well only if every worker reported its observations."""
    program = program_end(end, reports)
    unseen = next((worker for worker in end.workers if worker.done and not worker.reported), None)
    if program.cause or unseen is None:
        return program
    cause = (
        f"worker {unseen.worker} ended without a report, by os._exit or exec: what it did was not"
        " seen; end it by sys.exit, or check what it starts"
    )
    return replace(program, code=1, cause=cause)


def _read(
    folder: CaseFolder, worker: WorkerEnd, lose: Callable[[str], None]
) -> CheckedReport | None:
    if not worker.reported:
        return None
    try:
        return read_typed_report(folder, worker.worker, CheckedReport)
    except UnreadableReportError as problem:
        lose(f"watching failed: {problem}; findings may be missing")
        return None
