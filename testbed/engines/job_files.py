"""The files of a run that was started by an engine, as whoever follows it finds them."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from testbed.launcher.run_folder import ENGINE, RunFolder
from testbed.launcher.trusted import make_folder, read_regular

_LAST = 2**16
_LONGEST = 2**20


class JobFiles:
    """In the folder of a run, which all hosts share."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @property
    def engine(self) -> Path:
        """What the engine and its processes leave: a folder of the run's."""
        return self.folder / ENGINE

    def out(self, worker: int | str) -> Path:
        """What the process of a worker prints, without its complaints."""
        return self.engine / f"worker-{worker}.out"

    def err(self, worker: int | str) -> Path:
        """What the process of a worker complains about."""
        return self.engine / f"worker-{worker}.err"

    def host(self, worker: int) -> Path:
        """There when the process of a worker is: the name of its host, where nobody else tells."""
        return self.engine / f"worker-{worker}.host"

    def make(self) -> None:
        """Make the engine's folder, for this user alone: submitit leaves code there to be run."""
        make_folder(self.engine, 0o700)

    def prepare(self) -> None:
        """Make the files that are followed, empty.

        A network file system may not see for half a minute that a name is there which was not; of a
        file that was, it sees at each opening what is in it.
        """
        self.make()
        for path in (self.out(0), self.err(0)):
            path.touch()

    def look_anew(self) -> None:
        """Have a network file system forget which names are not there: it does when one is made."""
        with contextlib.suppress(OSError), tempfile.NamedTemporaryFile(dir=self.folder):
            pass

    def end(self) -> int | None:
        """The exit status of a run that is over."""
        status = self._told(RunFolder(self.folder).end).get("status")
        return status if isinstance(status, int) else None

    def progress(self) -> str:
        """How far the run is, `3 of 40 cases`; nothing where it does not tell."""
        told = self._told(RunFolder(self.folder).progress)
        return f"{told['done']} of {told['cases']} cases" if {"done", "cases"} <= set(told) else ""

    def last_complaint(self, worker: int) -> str:
        """The last line of its complaints that says something, or nothing."""
        try:
            with self.err(worker).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST))
                text = file.read(_LAST).decode("utf-8", "backslashreplace")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")

    def _told(self, file: Path) -> dict[str, Any]:
        """What a file of JSON holds; nothing where it is not there, or not whole yet."""
        try:
            told = json.loads(read_regular(file, _LONGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}
