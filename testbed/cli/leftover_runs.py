"""Findings of `testbed doctor` about processes of runs that are over, and how it ends them."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.cli.gpu_findings import DoctorFinding
from testbed.errors import OK, UsageError
from testbed.launcher.machine.leftovers import end, leftovers, processes_of
from testbed.launcher.run_folder import is_running
from testbed.terminal import one_line

ALL = "all"
"""The name that ends the processes of all such runs."""


def leftover_findings() -> Iterator[DoctorFinding]:
    """A finding for each run that has left processes, or one that there is none."""
    left = leftovers()
    for run, pids in left.items():
        yield DoctorFinding(
            f"run {run.name} has left {_processes(len(pids))}: {', '.join(map(str, pids))}",
            f"testbed doctor --end {run.name}",
        )
    if not left:
        yield DoctorFinding("no process is left of an earlier run")


def ended(name: str) -> int:
    """End the leftover processes of the run with that id, or of all runs; the exit status.

    Raises:
        UsageError: no process is left of that run.
    """
    left = leftovers()
    runs = [run for run in left if name in (run.name, ALL)]
    if not runs and name != ALL:
        raise UsageError(f"--end {name}: {_why_not(name, [run.name for run in left])}")
    for run in runs:
        print(f"ended {_processes(end(run))} of run {one_line(run.name)}", flush=True)
    if not runs:
        print("no process is left of an earlier run")
    return OK


def _why_not(name: str, valid: list[str]) -> str:
    if any(each.run.name == name and is_running(each.run) for each in processes_of()):
        return "that run still goes on; Ctrl-C where it was started ends it"
    if not valid:
        return "no process is left of that run, nor of any other"
    return f"no process is left of that run; choose from {', '.join(valid)}, {ALL}"


def _processes(count: int) -> str:
    return f"{count} process{'es' * (count != 1)}"
