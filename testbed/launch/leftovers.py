"""Finds processes that an earlier run left behind, by the run's mark and never by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from testbed.launch.run_folder import is_running

RUN_MARK = "TESTBED_RUN"
"""Stands in the environment of the server and all workers of a run; its value is the folder."""


@dataclass(frozen=True)
class Leftover:
    """A process that is still there, and the folder of the run that started it."""

    pid: int
    run: Path


def processes_of(run: Path | None = None) -> list[Leftover]:
    """All processes of a run, or of any run, that this user may look at."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        marked = _mark_of(entry)
        if marked and (run is None or marked == run):
            found.append(Leftover(int(entry.name), marked))
    return found


def leftovers() -> list[Leftover]:
    """Processes whose run has ended, or whose launching process has died."""
    return [process for process in processes_of() if not is_running(process.run)]


def _mark_of(process: Path) -> Path | None:
    try:
        environment = (process / "environ").read_bytes()
    except OSError:
        # It ended meanwhile, or belongs to somebody else.
        return None
    for entry in environment.split(b"\0"):
        name, _, value = entry.partition(b"=")
        if name == RUN_MARK.encode():
            return Path(value.decode(errors="replace"))
    return None
