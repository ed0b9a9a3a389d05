"""The ledger of a cluster: each phase of each worker, written down when it is told."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from testbed.launcher.cluster.cluster_end import PhaseReport
from testbed.launcher.run_folder import CaseFolder

# Of one that somebody else may have written.
_LONGEST = 1_000_000


@contextlib.contextmanager
def ledger(folder: CaseFolder, began: float) -> Iterator[Callable[[int, dict[str, Any]], None]]:
    """Writes down each phase when it is told, so that the ledger is there whoever is killed."""
    file = None
    # A full disk shows itself where something is lost by it.
    with contextlib.suppress(OSError):
        # Unbuffered: what could not be written would be written, and raise, once more at the end.
        file = folder.ledger.open("wb", buffering=0)

    def note(worker: int, told: dict[str, Any]) -> None:
        if "phase" not in told:
            return
        line = {
            "worker": worker,
            "phase": told["phase"],
            "after": round(told["at"] - began, 4),
            **{name: told[name] for name in ("steps",) if name in told},
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
    """The phases of each worker; lines that are damaged are left out."""
    told: list[list[PhaseReport]] = [[] for _ in range(workers)]
    with contextlib.suppress(OSError), folder.ledger.open("rb") as file:
        for line in file.read(_LONGEST).splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                found = json.loads(line)
                worker, steps = found["worker"], found.get("steps")
                if isinstance(worker, int) and 0 <= worker < workers:
                    steps = int(steps) if steps is not None else None
                    told[worker].append(
                        PhaseReport(str(found["phase"]), float(found["after"]), steps)
                    )
    return [tuple(each) for each in told]
