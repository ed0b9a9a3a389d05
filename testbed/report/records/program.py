"""What a run folder knows of the user's own program, which was launched or checked."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from testbed.errors import INTERRUPTED, UNEXPECTED, WRONG_COMMAND, LaunchError, UsageError
from testbed.launcher.cluster.cluster_end import PhaseReport
from testbed.launcher.cluster.ledger import read_ledger
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report
from testbed.launcher.run_folder import CaseFolder, RunFolder, is_running, keep_json

VERSION = 1
TAIL_LINES = 10
# Of files that the program may have written to, too.
_TAIL_BYTES = 10_000
_LONGEST_JSON = 1_000_000
_MOST_WORKERS = 10_000

Ended = Callable[[int, str], None]


@dataclass(frozen=True)
class ProgramRun:
    """What is run, as the folder says it."""

    command: tuple[str, ...]
    """What was typed after `testbed`."""
    case: str
    """The name of the folder of its logs within the run's."""
    deployment: str
    workers: int
    version: int = VERSION


@dataclass(frozen=True)
class WorkerTrace:
    """What one worker left."""

    worker: int
    log: Path
    told: tuple[PhaseReport, ...]
    code: int | None
    """Its exit code; None of one that did not come to its end."""
    tail: tuple[str, ...]
    """The last lines that it printed."""


@dataclass(frozen=True)
class ProgramTrace:
    """What a run left, whether or not it came to its end."""

    run: ProgramRun
    folder: Path
    running: bool
    status: int | None
    """Of the command; None where it was ended before it could write that."""
    cause: str
    notices: tuple[str, ...]
    """What was told of workers that stood still."""
    workers: tuple[WorkerTrace, ...]


@contextlib.contextmanager
def recorded(
    folder: RunFolder, command: Sequence[str], case: str, deployment: object, workers: int
) -> Iterator[Ended]:
    """Write down what is run, and how it ends, for a later report.

    Yields what takes the exit status and the cause of what went wrong. Where the block raises,
    that is the end.
    """
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
    """What the folder of such a run holds; None where it is another run's, or no folder.

    Raises:
        UsageError: what it says of its program cannot be read.
    """
    folder = RunFolder(Path(name))
    if not folder.program.is_file():
        return None
    try:
        run = _run_of(_json(folder.program))
    except (
        OSError,
        ArithmeticError,
        ValueError,
        TypeError,
        KeyError,
        RecursionError,
    ) as problem:
        raise UsageError(f"{name}: {folder.program.name} cannot be read: {problem}") from problem
    outcome = {}
    with contextlib.suppress(OSError, ValueError, RecursionError):
        outcome = dict(_json(folder.outcome))
    own = folder.existing_case(run.case)
    told = read_ledger(own, run.workers)
    status = outcome.get("status")
    return ProgramTrace(
        run,
        folder.path,
        running=not outcome and is_running(folder.path),
        status=status if isinstance(status, int) else None,
        cause=str(outcome.get("cause", "")),
        notices=tuple(_last_lines(folder.notices)),
        workers=tuple(_worker(own, number, each) for number, each in enumerate(told)),
    )


def _run_of(data: Any) -> ProgramRun:
    """The run that a file describes.

    Raises:
        ValueError, TypeError, KeyError: it describes none.
    """
    if data["version"] != VERSION:
        raise ValueError(f"version {data['version']!r:.20}, and this testbed reads {VERSION}")
    workers = int(data["workers"])
    if not 0 < workers <= _MOST_WORKERS:
        raise ValueError(f"{workers} workers")
    command = tuple(map(str, data["command"]))
    return ProgramRun(command, str(data["case"]), str(data["deployment"]), workers)


def _worker(folder: CaseFolder, worker: int, told: tuple[PhaseReport, ...]) -> WorkerTrace:
    code = None
    with contextlib.suppress(UnreadableReportError, ValueError, TypeError, KeyError):
        code = int(read_report(folder, worker)["code"])
    log = folder.log(worker)
    return WorkerTrace(worker, log, told, code, tuple(_last_lines(log)))


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
