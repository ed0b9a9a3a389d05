"""One attempt of a case: the end of its cluster, the workers' reports, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case, Expectation
from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd, first_failed
from testbed.launcher.cluster.report_file import UnreadableReportError, read_typed_report
from testbed.launcher.run_folder import CaseFolder
from testbed.verdict.diagnosis import Diagnosis, diagnose
from testbed.verdict.out_of_memory import describe
from testbed.verdict.raised_error import RaisedError
from testbed.verdict.reading import Raised, WorkerReport
from testbed.verdict.verdict import Verdict, failed, judge

LEDGER_LENGTH = 50


@dataclass(frozen=True)
class Attempt:
    """One attempt of a case: the end of its cluster, and the reports of its workers."""

    end: ClusterEnd
    reports: tuple[WorkerReport, ...] = ()
    unreadable: str = ""
    fault: Fault | None = None

    @property
    def finished(self) -> bool:
        """Whether every worker has finished without an exception."""
        return not (self.end.cause or self.unreadable or self.raised)

    @property
    def raised(self) -> list[Raised]:
        """The exceptions that ended the scenario in workers."""
        return [report.raised for report in self.reports if report.raised]

    @property
    def died(self) -> list[WorkerEnd]:
        """The workers that ended without a report, except the one that got the fault."""
        victim = self.fault.worker if self.fault else None
        return [end for end in self.end.guilty if end.complaint and end.worker != victim]

    @property
    def first_failed(self) -> WorkerEnd | None:
        """The worker that failed first, by its end or by an exception."""
        raised = {report.worker for report in self.reports if report.raised}
        return first_failed(self.died, [end for end in self.end.workers if end.worker in raised])


def verdict_of(
    case: Case, expected: Expectation, attempts: Sequence[Attempt], *, own_network: bool
) -> Verdict:
    """Judge a case by its last attempt.

    Args:
        case: the case.
        expected: what the scenario expects of it.
        attempts: all attempts, in their order.
        own_network: whether the run has a network without other hosts.
    """
    last = attempts[-1]
    seen: dict[str, Any] = {
        "seconds": sum(attempt.end.seconds for attempt in attempts),
        "reports": last.reports,
        "logs": tuple(str(worker.log) for worker in last.end.workers),
    }
    for stopped, problem in _PROBLEMS:
        found = problem(last, own_network)
        if stopped and found:
            seen["ledger"] = _ledger(last.end)
        if isinstance(found, Diagnosis):
            return judge(case, expected, found, **seen)
        if found:
            return failed(case, expected, found, **seen)
    return judge(case, expected, diagnose(last.reports, case.deployment.in_sync), **seen)


def _script_error(last: Attempt, _own_network: bool) -> str:
    broken = next((problem for problem in last.raised if problem.origin != "tensorflow"), None)
    return f"in the {broken.origin}: {broken}" if broken else ""


def _sought_network(last: Attempt, own_network: bool) -> str:
    """A worker looked up the name of another host, as for a download."""
    if not own_network or not any("socket.gaierror" in each.traceback for each in last.raised):
        return ""
    return f"{last.raised[0]}; a run has no network but its own: --isolation none"


def _out_of_memory(last: Attempt, _own_network: bool) -> str:
    """A device had no memory left, which says nothing about the claims."""
    for report in last.reports:
        if problem := report.raised:
            error = RaisedError(problem.type, problem.message, memory=problem.memory)
            steps = [each.phase for each in last.end.workers[report.worker].ledger]
            if lacking := describe(error, sum(phase.startswith("step ") for phase in steps)):
                return f"worker {report.worker}: {lacking}; {problem.where}".removesuffix("; ")
    return ""


def _death(last: Attempt, _own_network: bool) -> str:
    return last.end.cause if last.died and last.first_failed in last.died else ""


def _late_start(last: Attempt, _own_network: bool) -> str:
    late = last.end.missed_deadline == "start" and not last.raised and not last.fault
    return last.end.cause if late else ""


def _hang(last: Attempt, _own_network: bool) -> Diagnosis | None:
    hangs = last.end.missed_deadline and not last.raised
    return Diagnosis("hang", last.end.hang) if hangs else None


_PROBLEMS: tuple[tuple[bool, Callable[[Attempt, bool], str | Diagnosis | None]], ...] = (
    (True, lambda last, _own_network: last.unreadable),
    (False, _script_error),
    (False, _sought_network),
    (False, _out_of_memory),
    (True, _death),
    (True, _late_start),
    (True, _hang),
)
"""Why the claims of a case are not judged, in this order: first whether the verdict shows the last
phases of the workers, then the reason, which is empty where it does not hold."""


def _ledger(end: ClusterEnd) -> tuple[tuple[tuple[str, float], ...], ...]:
    """The last phases of each worker, with the seconds after the start of its cluster."""
    return tuple(
        tuple((each.phase, round(each.after, 3)) for each in worker.ledger[-LEDGER_LENGTH:])
        for worker in end.workers
    )


def read_attempt(folder: CaseFolder, end: ClusterEnd, fault: Fault | None = None) -> Attempt:
    """Read the reports of an attempt that has ended."""
    try:
        reports = [
            read_typed_report(folder, each.worker, WorkerReport)
            for each in end.workers
            if each.reported
        ]
    except UnreadableReportError as problem:
        return Attempt(end, unreadable=str(problem), fault=fault)
    return Attempt(end, tuple(reports), fault=fault)
