"""Records of the user's program in a run folder, from `launch` or `check`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from testbed.cluster.strategies import Deployment
from testbed.decoding import OneOf, Range, decoded
from testbed.errors import INTERRUPTED, UNEXPECTED, WRONG_COMMAND, LaunchError, UsageError
from testbed.launcher.cluster.cluster_end import PhaseReport
from testbed.launcher.cluster.ledger import read_ledger
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report
from testbed.launcher.run_folder import CaseFolder, RunFolder, is_running, keep_json
from testbed.verdict.device_memory import DeviceMemory

VERSION = 1
TAIL_LINES = 10
# Limits for reading, because the program may have written to these files, too.
_TAIL_BYTES = 10_000
_LONGEST_JSON = 1_000_000
_MOST_WORKERS = 10_000

Ended = Callable[[int, str], None]


@dataclass(frozen=True)
class ProgramRun:
    """The program run that a folder records."""

    command: tuple[str, ...]
    """The command line after `testbed`."""
    case: str
    """The name of the log folder within the run folder."""
    deployment: str
    workers: Annotated[int, Range(1, _MOST_WORKERS)]
    version: Annotated[int, OneOf((VERSION,))] = VERSION


@dataclass(frozen=True)
class WorkerTrace:
    """The files of one worker: its phases, exit code and last lines."""

    worker: int
    log: Path
    phases: tuple[PhaseReport, ...]
    code: int | None
    """The exit code; None if the worker did not finish."""
    tail: tuple[str, ...]
    """The last lines that the worker printed."""
    memory: tuple[DeviceMemory, ...] = ()
    """The memory of each GPU of the worker at its end; empty without GPUs."""


@dataclass(frozen=True)
class ProgramTrace:
    """The recorded state of a run, finished or not."""

    run: ProgramRun
    folder: Path
    running: bool
    status: int | None
    """Exit status of the command; None if the command was killed before it wrote one."""
    cause: str
    notices: tuple[str, ...]
    """Messages about workers that made no progress."""
    workers: tuple[WorkerTrace, ...]


@contextlib.contextmanager
def recorded(
    folder: RunFolder, command: Sequence[str], case: str, deployment: Deployment
) -> Iterator[Ended]:
    """Record the program run and its end, for a later report.

    Yields a function that records the exit status and the cause of a failure. If the block raises,
    the exception is recorded as the end.
    """
    workers = deployment.cluster.workers
    run = ProgramRun(tuple(command), case, str(deployment), workers)
    keep_json(folder.program, asdict(run))

    def ended(status: int, cause: str) -> None:
        keep_json(folder.outcome, {"status": status, "cause": cause})

    try:
        yield ended
    except KeyboardInterrupt:
        ended(INTERRUPTED, "interrupted")
        raise
    except (UsageError, LaunchError) as problem:
        ended(WRONG_COMMAND if isinstance(problem, UsageError) else UNEXPECTED, str(problem))
        raise


def program_in(name: str) -> ProgramTrace | None:
    """Read the state of a program run from its folder; None for any other folder or path.

    Raises:
        UsageError: the description of the program cannot be read.
    """
    folder = RunFolder(Path(name))
    if not folder.program.is_file():
        return None
    try:
        run = decoded(ProgramRun, _json(folder.program))
    except (OSError, ValueError, RecursionError) as problem:
        raise UsageError(f"{name}: {folder.program.name} cannot be read: {problem}") from problem
    outcome = {}
    with contextlib.suppress(OSError, ValueError, RecursionError):
        outcome = dict(_json(folder.outcome))
    own = folder.existing_case(run.case)
    ledger = read_ledger(own, run.workers)
    status = outcome.get("status")
    return ProgramTrace(
        run,
        folder.path,
        running=not outcome and is_running(folder.path),
        status=status if isinstance(status, int) else None,
        cause=str(outcome.get("cause", "")),
        notices=tuple(_last_lines(folder.notices)),
        workers=tuple(_worker(own, number, each) for number, each in enumerate(ledger)),
    )


def _worker(folder: CaseFolder, worker: int, phases: tuple[PhaseReport, ...]) -> WorkerTrace:
    code, memory = None, tuple[DeviceMemory, ...]()
    with contextlib.suppress(UnreadableReportError):
        code, memory = read_report(folder, worker, _code_and_memory)
    log = folder.log(worker)
    return WorkerTrace(worker, log, phases, code, tuple(_last_lines(log)), memory)


def _code_and_memory(report: Any) -> tuple[int, tuple[DeviceMemory, ...]]:
    memory = decoded(tuple[DeviceMemory, ...], report.get("memory") or [])
    return int(report["code"]), memory


def _last_lines(file: Path) -> list[str]:
    with contextlib.suppress(OSError), file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - _TAIL_BYTES))
        return opened.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
    return []


def _json(file: Path) -> Any:
    if file.stat().st_size > _LONGEST_JSON:
        raise ValueError("it is too long")
    return json.loads(file.read_text(encoding="utf-8"))
