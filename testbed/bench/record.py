"""The record of a benchmark, to be stored, compared and drawn.

`testbed/report/records/bench.schema.json` describes each field.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from testbed.bench.doubts import Doubt
from testbed.bench.figures.figure import Figure, Row
from testbed.bench.figures.wire import link_of

# Increased when a field changes its meaning or is removed. A new field does not increase it.
BENCH_VERSION = 1


@dataclass(frozen=True)
class BenchRecord:
    """A whole benchmark."""

    run: str
    began: str
    """ISO 8601, UTC."""
    seconds: float
    command: tuple[str, ...]
    device: str
    quick: bool
    rounds: int
    versions: dict[str, str | None]
    machine: dict[str, Any]
    environment: dict[str, str]
    """Environment variables that affect TensorFlow's speed, without secrets."""
    work: Figure
    """Seconds of a fixed piece of work, to compare machines with each other."""
    copy_bandwidth: Figure
    """Bytes per second that all cores together copy in memory."""
    rows: tuple[Row, ...]
    doubts: tuple[Doubt, ...]

    def of(self, part: str) -> list[Row]:
        """The rows of one part."""
        return [row for row in self.rows if row.part == part]

    @property
    def limit(self) -> tuple[float, str]:
        """The highest possible bandwidth of a message in bytes per second, and its carrier."""
        link = link_of(self.machine["gpus"]) if self.device != "cpu" else None
        return link or (self.copy_bandwidth.value, "memory copy")

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types."""
        return {"kind": "bench", "version": BENCH_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> BenchRecord:
        """Decode the result of `to_json`; `data` must be valid against the schema."""
        fields = {name: value for name, value in data.items() if name not in ("kind", "version")}
        return cls(
            **{
                **fields,
                "command": tuple(data["command"]),
                "work": _figure(data["work"]),
                "copy_bandwidth": _figure(data["copy_bandwidth"]),
                "rows": tuple(_row(row) for row in data["rows"]),
                "doubts": tuple(Doubt(**doubt) for doubt in data["doubts"]),
            }
        )


def _figure(data: dict[str, Any]) -> Figure:
    return Figure(data["value"], data["low"], data["high"], tuple(data["rounds"]))


def _row(data: dict[str, Any]) -> Row:
    figures = {name: _figure(each) for name, each in data["figures"].items()}
    return replace(Row(**data), figures=figures)
