"""Runs a user's program as a cluster: its workers, from their ports to their exit codes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd, first_failed
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.report_file import UnreadableReportError, read_typed_report
from testbed.launcher.run_folder import CaseFolder
from testbed.orders.own_code import RUN_PROGRAM, Program, ProgramOrders, ProgramReport
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.verdict.out_of_memory import describe
from testbed.verdict.raised_error import RaisedError

TIME_IS_OVER = 124
"""The exit code of a program that reached a deadline, as of timeout(1)."""


@dataclass(frozen=True)
class ProgramEnd:
    """The end of a program."""

    codes: tuple[int, ...]
    """Each worker's exit code as in a shell: 128 plus the signal for a killed worker."""
    cause: str
    """The failure in one sentence; empty where every worker ended with 0."""
    code: int
    """The exit code of the whole program: 0, or that of the worker that failed first."""
    seconds: float
    error: RaisedError | None = None
    """The uncaught exception of the worker that failed first, if an exception ended it."""


async def run_program(place: OwnCodeCluster, program: Program, deadlines: Deadlines) -> ProgramEnd:
    """Run a program in every worker of a cluster, until all have ended or one has failed."""
    end = await place.run(RUN_PROGRAM, lambda setup: ProgramOrders(setup, program), deadlines)
    return program_end(end, [_report(place.folder, worker) for worker in end.workers])


def program_end(end: ClusterEnd, reports: Sequence[ProgramReport | None]) -> ProgramEnd:
    """The end of a program, from the end of its cluster and the reports of its workers.

    Args:
        end: the end of the cluster.
        reports: of each worker; None for a worker without one.
    """
    codes = tuple(
        _code(worker, report) for worker, report in zip(end.workers, reports, strict=True)
    )
    died = [worker for worker in end.workers if worker.complaint]
    failed = [
        worker
        for worker, report in zip(end.workers, reports, strict=True)
        if report and report.code
    ]
    first = first_failed(died, failed)
    if first is None:
        return ProgramEnd(codes, end.cause, TIME_IS_OVER if end.cause else 0, end.seconds)
    code = codes[first.worker]
    if first.complaint:
        cause = end.led_to(first.complaint, first.after)
        return ProgramEnd(codes, end.hinted(cause), code, end.seconds)
    report = reports[first.worker]
    error = report.error if report else None
    said = report.said if report else ""
    if error:
        said = describe(error, first.steps.begun if first.steps else 0) or said
    cause = f"worker {first.worker} failed after {first.after:.1f} s with exit code {code}"
    cause += f": {said}" * bool(said)
    return ProgramEnd(codes, end.led_to(cause, first.after), code, end.seconds, error)


def _code(worker: WorkerEnd, report: ProgramReport | None) -> int:
    if report:
        return report.code
    if worker.ended_for:
        return 1
    if worker.status is None:
        return TIME_IS_OVER
    if os.WIFSIGNALED(worker.status):
        return 128 + os.WTERMSIG(worker.status)
    # A program that uses os._exit or exec, or closes the channel, ends without a report, and its
    # 0 is a good end. Before the program began, an end without a report is a failure.
    code = os.waitstatus_to_exitcode(worker.status)
    return code if worker.done else code or 1


def _report(folder: CaseFolder, worker: WorkerEnd) -> ProgramReport | None:
    if not worker.reported:
        return None
    try:
        return read_typed_report(folder, worker.worker, ProgramReport)
    except UnreadableReportError as problem:
        # The program has removed or damaged its report.
        return ProgramReport(1, str(problem), None, None)
