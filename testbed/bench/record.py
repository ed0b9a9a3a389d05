"""The record of a benchmark: what is kept, compared and drawn.

`testbed/report/records/bench.schema.json` says what each field means.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from testbed.bench.doubts import Doubt
from testbed.bench.figures.figure import Figure, Row
from testbed.bench.figures.wire import link_of

# Raised whenever a field changes its meaning or goes; a new field alone does not raise it.
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
    """What of the environment changes TensorFlow's speed, without secrets."""
    work: Figure
    """Seconds of a piece of work that is always the same, to hold machines against each other."""
    copy_bandwidth: Figure
    """Bytes per second that all cores together copy within memory."""
    rows: tuple[Row, ...]
    doubts: tuple[Doubt, ...]

    def of(self, part: str) -> list[Row]:
        """The rows of one part."""
        return [row for row in self.rows if row.part == part]

    @property
    def limit(self) -> tuple[float, str]:
        """The most that a message can be carried at, in bytes per second, and by what."""
        link = link_of(self.machine["gpus"]) if self.device != "cpu" else None
        return link or (self.copy_bandwidth.value, "memory copy")

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types."""
        return {"kind": "bench", "version": BENCH_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> BenchRecord:
        """Read back what `to_json` wrote; `data` has been held against the schema."""
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
    figures = {name: _figure(told) for name, told in data["figures"].items()}
    return replace(Row(**data), figures=figures)
