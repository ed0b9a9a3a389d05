"""How a function ended in every worker: its results, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from testbed.decoding import decoded
from testbed.errors import WorkerFailedError
from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd, first_failed
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report
from testbed.launcher.run_folder import CaseFolder
from testbed.orders.own_code import FunctionFailure, FunctionReport
from testbed.verdict.values import decode


def results_of(end: ClusterEnd, folder: CaseFolder) -> list[Any] | WorkerFailedError:
    """The result of each worker, or the reason why one of them has none."""
    reports = [_report(folder, worker) for worker in end.workers]
    failure = failure_of(end, reports, folder)
    return failure or [report.result for report in reports if report]


def failure_of(
    end: ClusterEnd, reports: Sequence[FunctionReport | None], folder: CaseFolder
) -> WorkerFailedError | None:
    """The reason why a worker has no result; None where all have one.

    Args:
        end: the end of the cluster.
        reports: of each worker; None for a worker without one.
        folder: of the logs.
    """
    logs = f"; logs: {folder.path}"
    died = [worker for worker in end.workers if worker.complaint]
    failures = {
        worker.worker: report.failure
        for worker, report in zip(end.workers, reports, strict=True)
        if report and report.failure
    }
    first = first_failed(died, [each for each in end.workers if each.worker in failures])
    if first is None:
        return WorkerFailedError(end.cause + logs) if end.cause else None
    if first.complaint:
        cause = end.hinted(end.led_to(first.complaint, first.after))
        return WorkerFailedError(cause + logs, worker=first.worker)
    failure = failures[first.worker]
    line = (failure.raised.splitlines() or [""])[0]
    cause = f"worker {first.worker} failed after {first.after:.1f} s: {line}"
    return WorkerFailedError(
        end.led_to(cause, first.after) + logs,
        worker=first.worker,
        traceback=failure.traceback,
    )


def _report(folder: CaseFolder, worker: WorkerEnd) -> FunctionReport | None:
    if not worker.reported:
        return None
    try:
        return read_report(folder, worker.worker, _decoded)
    except UnreadableReportError as problem:
        return FunctionReport(failure=FunctionFailure(str(problem)))


def _decoded(data: Any) -> FunctionReport:
    """A report with its result decoded."""
    report = decoded(FunctionReport, data)
    return report if report.failure else replace(report, result=decode(report.result))
