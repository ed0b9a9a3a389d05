"""Reads the record of a benchmark from any source, and writes its plots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from testbed.bench.record import BenchRecord
from testbed.bench.request import WEIGHT
from testbed.bench.show.plots import draw, require_matplotlib
from testbed.errors import LaunchError, UsageError
from testbed.launcher.run_folder import write_bytes
from testbed.report.output.destinations import folder_destination
from testbed.report.records.files import read_document

# The figures and sizes that the tables of each part need.
_FIGURES = {"sharing": ("step_p50", "writes"), "wire": ("time", "algbw", "busbw")}
_WIRE_SIZES: tuple[str, ...] = ("collective", "implementation", "bytes")
_WEIGHT_SIZES: tuple[str, ...] = ("elements",)


def read_bench(name: str) -> BenchRecord:
    """Read the record of a benchmark from a file or from the folder of its run.

    Raises:
        UsageError: the file cannot be read, or is no benchmark record of this version.
    """
    return bench_in(read_document(name, "bench"), name)


def bench_in(data: dict[str, Any], name: str) -> BenchRecord:
    """Decode the record of a benchmark from a document.

    Raises:
        UsageError: a row lacks a figure or size that its table shows.
    """
    record = BenchRecord.from_json(data)
    for number, row in enumerate(record.rows):
        sizes = _WIRE_SIZES if row.part == "wire" else ()
        if row.program == WEIGHT and row.part in ("sharing", "scaling"):
            sizes = _WEIGHT_SIZES
        figures = _FIGURES.get(row.part, ())
        missing = [each for each in sizes if each not in row.sizes]
        missing += [each for each in figures if each not in row.figures]
        if missing:
            raise UsageError(
                f"{name}: not a valid record: data.rows[{number}] of {row.part} must contain"
                f" {', '.join(missing)}"
            )
    return record


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
