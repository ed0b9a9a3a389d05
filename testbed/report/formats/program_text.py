"""Terminal report of the user's program: the progress and the end of each worker."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from testbed.report.records.program import ProgramTrace, WorkerTrace
from testbed.terminal import one_line
from testbed.verdict.device_memory import peaks

# A program may create many strategies, and reports phases for each.
_PHASES = 8
_LONGEST_LINE = 300


def lines_of(trace: ProgramTrace) -> Iterator[str]:
    """The lines of the report on a run of the user's program."""
    yield _shown(f"testbed {shlex.join(trace.run.command)}")
    yield _shown(f"on {trace.run.deployment}: {_end(trace)}")
    for notice in trace.notices:
        yield _shown(f"notice: {notice}")
    yield ""
    for worker in trace.workers:
        yield _shown(f"worker {worker.worker}: {_how_far(worker)}")
        if worker.memory:
            yield _shown(f"  most GPU memory of its tensors: {peaks(worker.memory)}")
    for worker in trace.workers:
        if worker.code != 0 and worker.tail:
            yield f"\nlast lines of {_shown(str(worker.log))}:"
            yield from (f"  {_shown(line)}" for line in worker.tail)
    yield f"\nlogs: {_shown(str(trace.folder))}"


def _end(trace: ProgramTrace) -> str:
    if trace.running:
        return "still running"
    if trace.status is None:
        return "it was killed before it could write how it ended"
    if trace.cause in ("", "interrupted"):
        return f"{trace.cause or 'ended'} with status {trace.status}"
    return f"ended with status {trace.status}: {trace.cause}"


def _how_far(worker: WorkerTrace) -> str:
    if not worker.phases:
        return "reported nothing"
    latest = worker.phases[-_PHASES:]
    ledger = ", ".join(f"{each.phase} {each.after:.1f} s" for each in latest)
    steps = next((each.steps for each in reversed(worker.phases) if each.steps is not None), None)
    counted = f", {steps} steps" * bool(steps)
    if worker.code is not None:
        return f"ended with exit code {worker.code}{counted} ({ledger})"
    return f"did not finish{counted}, last phase '{latest[-1].phase}' ({ledger})"


def _shown(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _LONGEST_LINE else text[:_LONGEST_LINE] + "..."
