"""Somebody's own program as a cluster: its workers, from their ports to their exit codes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd, first_failed
from testbed.launcher.cluster.cluster_run import Deadlines
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report
from testbed.launcher.run_folder import CaseFolder
from testbed.run.own_code import OwnCodeCluster

MODULE = "testbed.worker.user_code.program"
ENTRY = f"{MODULE}:run_program"

TIME_IS_OVER = 124
"""The exit code of a program whose time is over, as timeout(1) has it."""


@dataclass(frozen=True)
class Program:
    """What is run: a script's path or a module's name, and its arguments."""

    name: str
    arguments: tuple[str, ...] = ()
    is_module: bool = False
    copy: str = ""
    """Where the script is as it was read before the run, if that is what is to run."""

    @property
    def orders(self) -> dict[str, Any]:
        """What a worker that runs it is told."""
        return {
            "program": self.name,
            "is_module": self.is_module,
            "arguments": list(self.arguments),
            "copy": self.copy,
        }


@dataclass(frozen=True)
class ProgramEnd:
    """What became of a program."""

    codes: tuple[int, ...]
    """Each worker's exit code as a shell gives it: of one that was killed, 128 and the signal."""
    cause: str
    """What went wrong, in one sentence; nothing where every worker ended with 0."""
    code: int
    """The exit code of it all: 0, or that of the cause."""
    seconds: float


async def run_program(place: OwnCodeCluster, program: Program, deadlines: Deadlines) -> ProgramEnd:
    """Run a program in every worker of a cluster, until all have ended or one has failed."""
    end = await place.run(ENTRY, program.orders, deadlines)
    return program_end(end, [_report(place.folder, worker) for worker in end.workers])


def program_end(end: ClusterEnd, reports: Sequence[dict[str, Any]]) -> ProgramEnd:
    """What became of a program, from how its cluster ended and what its workers reported.

    Args:
        end: of the cluster.
        reports: of each worker; empty of one without.
    """
    codes = tuple(
        _code(worker, report) for worker, report in zip(end.workers, reports, strict=True)
    )
    died = [worker for worker in end.workers if worker.complaint]
    failed = [worker for worker in end.workers if reports[worker.worker].get("code")]
    first = first_failed(died, failed)
    if first is None:
        return ProgramEnd(codes, end.cause, TIME_IS_OVER if end.cause else 0, end.seconds)
    code = codes[first.worker]
    report = reports[first.worker]
    if first.complaint:
        cause = end.led_to(first.complaint, first.after)
        return ProgramEnd(codes, end.hinted(cause), code, end.seconds)
    cause = f"worker {first.worker} failed after {first.after:.1f} s with exit code {code}"
    cause += f": {report['raised']}" * bool(report["raised"])
    return ProgramEnd(codes, end.led_to(cause, first.after), code, end.seconds)


def _code(worker: WorkerEnd, report: dict[str, Any]) -> int:
    if report:
        return int(report["code"])
    if worker.ended_for:
        return 1
    if worker.status is None:
        return TIME_IS_OVER
    if os.WIFSIGNALED(worker.status):
        return 128 + os.WTERMSIG(worker.status)
    # By os._exit, exec or a channel that it has closed a program ends without a report, and may
    # end well; before the program began nothing could.
    code = os.waitstatus_to_exitcode(worker.status)
    return code if worker.done else code or 1


def _report(folder: CaseFolder, worker: WorkerEnd) -> dict[str, Any]:
    if not worker.reported:
        return {}
    try:
        return dict(read_report(folder, worker.worker))
    except UnreadableReportError as problem:
        # The program has removed or damaged it.
        return {"code": 1, "raised": str(problem)}
