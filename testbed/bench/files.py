"""Writes the plots of a benchmark."""

from __future__ import annotations

from pathlib import Path

from testbed.bench.record import BenchRecord
from testbed.bench.show.plots import draw
from testbed.errors import LaunchError
from testbed.launcher.run_folder import write_bytes


def write_plots(record: BenchRecord, folder: Path, form: str) -> dict[str, Path]:
    """Draw every plot into a folder; return the files by their labels for messages.

    Raises:
        LaunchError: a file cannot be written.
    """
    written: dict[str, Path] = {}
    try:
        folder.mkdir(exist_ok=True)
        for name, image in draw(record, form).items():
            path = folder / f"{name}.{form}"
            write_bytes(path, image)
            written[f"plot of {name}"] = path
    except OSError as problem:
        raise LaunchError(
            f"--plots {problem.filename}: {problem.strerror}; it is not written"
        ) from problem
    return written
