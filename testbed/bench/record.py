"""The record of a benchmark, to be stored, compared and drawn.

`testbed/report/records/bench.schema.json` describes each field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from testbed.bench.doubts import Doubt
from testbed.bench.figures.figure import Figure, Row
from testbed.bench.figures.wire import link_of
from testbed.bench.request import WEIGHT
from testbed.cluster.devices import KINDS
from testbed.decoding import OneOf, Range
from testbed.report.records.header import Record

# The figures and sizes that the tables of each part need.
_FIGURES = {"sharing": ("step_p50", "writes"), "wire": ("time", "algbw", "busbw")}
_WIRE_SIZES: tuple[str, ...] = ("collective", "implementation", "bytes")
_WEIGHT_SIZES: tuple[str, ...] = ("elements",)


@dataclass(frozen=True, kw_only=True)
class BenchRecord(Record):
    """A whole benchmark."""

    kind: Literal["bench"] = "bench"
    # Increased when a field changes its meaning or is removed.
    version: Literal[1] = 1
    device: Annotated[str, OneOf(KINDS)]
    """The device kind of the benchmark."""
    quick: bool
    """Whether it was a quick one, whose figures are rough."""
    rounds: Annotated[int, Range(1, 10**6)]
    """How often every set-up was visited."""
    environment: dict[str, str]
    """Environment variables that affect TensorFlow's speed, without secrets."""
    work: Figure
    """Seconds of a fixed piece of work, once a round, to compare machines with each other."""
    copy_bandwidth: Figure
    """Bytes per second that all cores together copied in memory, once a round: the most that the
    machine can do for a message."""
    rows: tuple[Row, ...]
    """One row for each set-up, and for each collective and size."""
    doubts: tuple[Doubt, ...]
    """Reasons to doubt the figures."""

    def of(self, part: str) -> list[Row]:
        """The rows of one part."""
        return [row for row in self.rows if row.part == part]

    @property
    def limit(self) -> tuple[float, str]:
        """The highest possible bandwidth of a message in bytes per second, and its carrier."""
        link = link_of(self.machine.gpus) if self.device != "cpu" else None
        return link or (self.copy_bandwidth.value, "memory copy")

    def require_consistent(self) -> None:
        """Check that each row has the figures and the sizes that its table shows."""
        for number, row in enumerate(self.rows):
            sizes = _WIRE_SIZES if row.part == "wire" else ()
            if row.program == WEIGHT and row.part in ("sharing", "scaling"):
                sizes = _WEIGHT_SIZES
            missing = [each for each in sizes if each not in row.sizes]
            missing += [each for each in _FIGURES.get(row.part, ()) if each not in row.figures]
            if missing:
                raise ValueError(
                    f"data.rows[{number}] of {row.part} must contain {', '.join(missing)}"
                )
