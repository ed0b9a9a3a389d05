"""The tables of each part of a benchmark as plain texts, for terminal, page and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from testbed.bench.figures.figure import Row
from testbed.bench.record import BenchRecord
from testbed.bench.show.headlines import label
from testbed.bench.show.units import shown, shown_figure

_PHASES = ("import", "fork", "bind", "strategy", "first_trace", "first_step")
_STEPS = ("step_p50", "step_p90", "step_p99")
_ACCESSES = ("reads", "writes", "moved", "traces", "retraces", "device_memory", "process_memory")


@dataclass(frozen=True)
class PlainTable:
    """A table; the rows of a section belong together."""

    title: str
    headings: tuple[str, ...]
    sections: tuple[tuple[tuple[str, ...], ...], ...]


def tables_of(record: BenchRecord, part: str) -> list[PlainTable]:
    """The tables of one part, in display order."""
    makers = {"sharing": _sharing, "scaling": _scaling, "wire": _wire, "own_cost": _own_cost}
    return list(makers[part](record)) if record.of(part) else []


def _sharing(record: BenchRecord) -> Iterator[PlainTable]:
    names = (*_STEPS, *_ACCESSES)
    for deployment, rows in _by_deployment(record.of("sharing")):
        yield PlainTable(
            deployment,
            ("way, site", *(_heading(name) for name in names)),
            tuple(
                tuple(
                    (
                        f"{label(row)}, {row.site}",
                        *(
                            shown_figure(name, row.figures.get(name), spread=name == "step_p50")
                            for name in names
                        ),
                    )
                    for row in together
                )
                for _, together in groupby(rows, key=label)
            ),
        )


def _scaling(record: BenchRecord) -> Iterator[PlainTable]:
    rows = record.of("scaling")
    yield PlainTable(
        "",
        ("program", "strategy", "replicas", "step", "examples", "efficiency"),
        tuple(
            tuple(_scaling_cells(row) for row in together)
            for _, together in groupby(rows, key=lambda row: (row.program, row.strategy))
        ),
    )


def _scaling_cells(row: Row) -> tuple[str, ...]:
    efficiency = row.figures.get("efficiency")
    return (
        label(row),
        row.deployment,
        str(row.in_sync),
        shown_figure("step_p50", row.figures.get("step_p50"), spread=True),
        shown_figure("examples", row.figures.get("examples")),
        f"{efficiency.value:.0%} ±{efficiency.spread:.0%}"
        if efficiency
        else row.lacking.get("efficiency", "-"),
    )


def _wire(record: BenchRecord) -> Iterator[PlainTable]:
    limit, carrier = record.limit
    heading = f"of {carrier}, {shown(limit, 'B/s')}"
    for deployment, rows in _by_deployment(record.of("wire")):
        ordered = sorted(rows, key=lambda row: (collective(row), row.sizes["bytes"]))
        yield PlainTable(
            deployment,
            ("collective", "message", "time", "algbw", "busbw", heading),
            tuple(
                tuple(_wire_cells(row, limit) for row in together)
                for _, together in groupby(ordered, key=collective)
            ),
        )


def collective(row: Row) -> str:
    """The collective and the implementation of a row of the part `wire`."""
    return f"{row.sizes['collective']} {row.sizes['implementation']}"


def _wire_cells(row: Row, limit: float) -> tuple[str, ...]:
    bus = row.figures["busbw"]
    return (
        collective(row),
        shown(row.sizes["bytes"], "B"),
        shown_figure("time", row.figures["time"], spread=True),
        shown_figure("algbw", row.figures["algbw"]),
        shown_figure("busbw", bus),
        f"{bus.value / limit:.1%}" if bus.value <= limit else "no copy",
    )


def _own_cost(record: BenchRecord) -> Iterator[PlainTable]:
    tables = (
        ("start of a case", _PHASES, "strategy"),
        ("launch of", ("launch", "bare_fork", "over_limit", "fresh"), "launch"),
        ("a small program", ("testbed_launch", "by_hand", "over_hand"), "testbed_launch"),
        ("step of the model", ("in_testbed", "alone", "ratio"), "ratio"),
    )
    for heading, names, needed in tables:
        rows = [row for row in record.of("own_cost") if needed in row.figures]
        if rows:
            cells = tuple(
                (row.deployment, *(shown_figure(n, row.figures.get(n), spread=True) for n in names))
                for row in rows
            )
            yield PlainTable("", (heading, *map(_heading, names)), (cells,))


def _heading(name: str) -> str:
    return name.removeprefix("step_").replace("_", " ")


def _by_deployment(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    for deployment in dict.fromkeys(row.deployment for row in rows):
        yield deployment, [row for row in rows if row.deployment == deployment]
