"""Writes the plots of a benchmark into the folder that `--plots` names."""

from __future__ import annotations

from pathlib import Path

from testbed.bench.record import BenchRecord
from testbed.bench.show.plots import draw, require_matplotlib
from testbed.errors import LaunchError
from testbed.launcher.run_folder import write_bytes
from testbed.report.output.destinations import folder_destination


class BenchPlots:
    """The plots that `--plots FOLDER` asks for; a wrong folder is rejected before the run."""

    def __init__(self, folder: str | None, form: str) -> None:
        """Check the folder.

        Args:
            folder: the folder; None for no plots.
            form: the file format, svg or png.

        Raises:
            UsageError: no file can be written there, or matplotlib is missing.
        """
        self._folder, self._form = folder_destination("--plots", folder), form
        if self._folder:
            require_matplotlib()

    def write(self, record: BenchRecord) -> dict[str, Path]:
        """Draw every plot; return the files by their labels for messages.

        Raises:
            LaunchError: a file cannot be written.
        """
        written: dict[str, Path] = {}
        if self._folder is None:
            return written
        try:
            self._folder.mkdir(exist_ok=True)
            for name, image in draw(record, self._form).items():
                path = self._folder / f"{name}.{self._form}"
                write_bytes(path, image)
                written[f"plot of {name}"] = path
        except OSError as problem:
            raise LaunchError(
                f"--plots {problem.filename}: {problem.strerror}; it is not written"
            ) from problem
        return written
