"""A benchmark's files: its record, which may come from anywhere, and its plots."""

from __future__ import annotations

from pathlib import Path

from testbed.bench.plots import draw
from testbed.bench.record import BenchRecord
from testbed.errors import LaunchError
from testbed.launcher.run_folder import write_bytes
from testbed.report.files import read_document


def read_bench(name: str) -> BenchRecord:
    """The record of a benchmark in a file, or in the folder of its run.

    Raises:
        UsageError: it cannot be read, or is not a record of a benchmark of this version.
    """
    return BenchRecord.from_json(read_document(name, "bench"))


def write_plots(record: BenchRecord, folder: Path, form: str) -> dict[str, Path]:
    """Draw every plot into a folder; the files, by what they show.

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
