"""The files of a job in its run folder, by which the submitting process follows it."""

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
    """Names and contents of a job's files; all hosts share the run folder."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @property
    def engine(self) -> Path:
        """The folder for files of the engine and its processes, within the run folder."""
        return self.folder / ENGINE

    def out(self, worker: int | str) -> Path:
        """The standard output of a worker's process."""
        return self.engine / f"worker-{worker}.out"

    def err(self, worker: int | str) -> Path:
        """The standard error of a worker's process."""
        return self.engine / f"worker-{worker}.err"

    def host(self, worker: int) -> Path:
        """A file that exists once the process of a worker runs: it holds the name of its host.

        Only Ray needs it: other engines report the hosts of a job.
        """
        return self.engine / f"worker-{worker}.host"

    def make(self) -> None:
        """Make the engine's folder, for this user only: submitit stores executable code there."""
        make_folder(self.engine, 0o700)

    def prepare(self) -> None:
        """Create the followed files, empty.

        A network file system may not show a new file for half a minute. An existing file shows its
        current contents whenever it is opened.
        """
        self.make()
        for path in (self.out(0), self.err(0)):
            path.touch()

    def refresh_names(self) -> None:
        """Make a network file system look for new files; creating one clears its cached names."""
        with contextlib.suppress(OSError), tempfile.NamedTemporaryFile(dir=self.folder):
            pass

    def end(self) -> int | None:
        """The exit status of the run; None while it is not over."""
        status = self._json_of(RunFolder(self.folder).end).get("status")
        return status if isinstance(status, int) else None

    def progress(self) -> str:
        """The progress of the run, `3 of 40 cases`; empty where it is unknown."""
        found = self._json_of(RunFolder(self.folder).progress)
        if {"done", "cases"} <= set(found):
            return f"{found['done']} of {found['cases']} cases"
        return ""

    def last_complaint(self, worker: int) -> str:
        """The last line of a worker's standard error that is not blank; empty where none is."""
        try:
            with self.err(worker).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST))
                text = file.read(_LAST).decode("utf-8", "backslashreplace")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")

    def _json_of(self, file: Path) -> dict[str, Any]:
        """The contents of a JSON file; empty where the file is missing or incomplete."""
        try:
            found = json.loads(read_regular(file, _LONGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}
