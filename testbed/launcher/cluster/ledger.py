"""The ledger of a cluster: a file with each phase of each worker, in order of arrival."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from testbed.launcher.cluster.cluster_end import PhaseReport
from testbed.launcher.run_folder import CaseFolder

# The limit for a ledger that another program may have written.
_LONGEST = 1_000_000


@contextlib.contextmanager
def ledger(folder: CaseFolder, began: float) -> Iterator[Callable[[int, dict[str, Any]], None]]:
    """Write each phase when it arrives, so that the ledger survives any kill."""
    file = None
    # A full disk is reported where it loses data that the run needs.
    with contextlib.suppress(OSError):
        # Unbuffered: close would write a buffer that could not be written, and raise, once more.
        file = folder.ledger.open("wb", buffering=0)

    def note(worker: int, message: dict[str, Any]) -> None:
        if "phase" not in message:
            return
        line = {
            "worker": worker,
            "phase": message["phase"],
            "after": round(message["at"] - began, 4),
            **{name: message[name] for name in ("steps",) if name in message},
        }
        with contextlib.suppress(OSError):
            if file:
                file.write((json.dumps(line) + "\n").encode())

    try:
        yield note
    finally:
        with contextlib.suppress(OSError):
            if file:
                file.close()


def read_ledger(folder: CaseFolder, workers: int) -> list[tuple[PhaseReport, ...]]:
    """Read the phases of each worker; damaged lines are skipped."""
    phases: list[list[PhaseReport]] = [[] for _ in range(workers)]
    with contextlib.suppress(OSError), folder.ledger.open("rb") as file:
        for line in file.read(_LONGEST).splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                found = json.loads(line)
                worker, steps = found["worker"], found.get("steps")
                if isinstance(worker, int) and 0 <= worker < workers:
                    steps = int(steps) if steps is not None else None
                    phases[worker].append(
                        PhaseReport(str(found["phase"]), float(found["after"]), steps)
                    )
    return [tuple(each) for each in phases]
