"""Computes the rows of figures from the visits of every set-up, with pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from testbed.bench.figures.figure import Figure, Row, figure
from testbed.bench.figures.scaling import efficiency, examples_per_second
from testbed.bench.figures.statistics import percentile
from testbed.bench.figures.wire import algbw, busbw, message_bytes
from testbed.bench.plan import HELLO, LAUNCH, MODEL, BenchRequest, BenchSetup
from testbed.bench.visits import Visit
from testbed.errors import LaunchError

Visits = Mapping[int, Sequence[Visit]]
"""The visits of each set-up in the order of rounds, by the set-up's index in the plan."""

# Figures of start-up, each with its first and last phase, as a worker reports them.
STARTUP = (("fork", "", "forked"), ("bind", "forked", "bound"), ("strategy", "bound", "joined"))


def rows_of(setups: Sequence[BenchSetup], visits: Visits, request: BenchRequest) -> list[Row]:
    """Every row, in the order of the plan."""
    rows: list[Row] = []
    for place, setup in enumerate(setups):
        if setup.part == "wire":
            rows += _wire_rows(setup, visits[place])
        elif setup.part == "own_cost":
            rows += _own_rows(place, setups, visits)
        else:
            rows.append(_step_row(setup, visits[place]))
    return [_with_efficiency(row, rows, request) for row in rows]


def _row(setup: BenchSetup, **more: Any) -> Row:
    case = setup.case
    return Row(
        part=setup.part,
        case=case.id,
        program=case.scenario,
        site=case.site,
        mode=case.mode,
        strategy=case.strategy,
        workers=case.workers,
        replicas=case.replicas_per_worker,
        **{"sizes": dict(setup.sizes), **more},
    )


def _step_row(setup: BenchSetup, visits: Sequence[Visit]) -> Row:
    """The row of a set-up that takes steps."""
    figures = {
        f"step_p{share}": figure([percentile(visit.steps, share / 100) for visit in visits])
        for share in (50, 90, 99)
    }
    lacking: dict[str, str] = {}
    if setup.part == "scaling":
        if setup.case.scenario == MODEL:
            figures["examples"] = _examples(setup, visits)
    else:
        figures |= _accesses(visits)
        figures |= _of_first_worker(visits, ("traces", "retraces", "moved"))
        figures["device_memory"] = _most(visits, lambda worker: max(worker["devices"].values()))
        figures["process_memory"] = _most(visits, lambda worker: worker["proportional"])
        if "moved" not in figures:
            lacking["moved"] = "the size of a tensor that crosses devices is not known"
    return _row(setup, figures=figures, lacking=lacking)


def _examples(setup: BenchSetup, visits: Sequence[Visit]) -> Figure:
    batch, replicas = setup.sizes["batch"], setup.case.replicas
    return figure([examples_per_second(batch, replicas, percentile(v.steps, 0.5)) for v in visits])


def _accesses(visits: Sequence[Visit]) -> dict[str, Figure]:
    """Reads and writes of the variable per second and replica."""
    return {
        name: figure(
            [
                visit.workers[0]["per_call"] / statistics.median(visit.workers[0][name]["seconds"])
                for visit in visits
            ]
        )
        for name in ("reads", "writes")
    }


def _of_first_worker(visits: Sequence[Visit], names: Iterable[str]) -> dict[str, Figure]:
    """Figures that the first worker reports directly; omits a name that a visit lacks."""
    reported = {name: [visit.workers[0].get(name) for visit in visits] for name in names}
    known = {name: [v for v in values if v is not None] for name, values in reported.items()}
    return {name: figure(values) for name, values in known.items() if len(values) == len(visits)}


def _most(visits: Sequence[Visit], of: Any) -> Figure:
    """The figure of the largest value among the workers of each visit."""
    return figure([max(of(worker) for worker in visit.workers) for visit in visits])


def _with_efficiency(row: Row, rows: Sequence[Row], request: BenchRequest) -> Row:
    """Add the efficiency against one replica of the strategy, or the reason for its lack."""
    if row.part != "scaling":
        return row
    if row.in_sync > request.capacity:
        row.lacking["efficiency"] = f"{row.in_sync} replicas on {request.room}: they take turns"
        return row
    one = next(
        other
        for other in rows
        if (other.part, other.program, other.strategy, other.in_sync)
        == (row.part, row.program, row.strategy, 1)
    )
    row.figures["efficiency"] = figure(
        [
            efficiency(row.in_sync / mine, row.in_sync, 1 / alone)
            for mine, alone in zip(
                row.figures["step_p50"].rounds, one.figures["step_p50"].rounds, strict=True
            )
        ]
    )
    return row


def _wire_rows(setup: BenchSetup, visits: Sequence[Visit]) -> list[Row]:
    """One row for each collective, implementation and size.

    Raises:
        LaunchError: a collective gave a wrong result.
    """
    ranks, rows = setup.case.replicas, []
    names = [name for name, value in visits[0].workers[0].items() if _is_collective(value)]
    for name in names:
        results = [worker[name] for visit in visits for worker in visit.workers]
        if not all(each["right"] for each in results):
            raise LaunchError(f"{name} of {setup.case.id} gave a wrong result")
        facts = {key: results[0][key] for key in ("collective", "implementation")}
        message = message_bytes(facts["collective"], results[0]["size"], ranks)
        # A collective ends when it has ended on every worker.
        seconds = [
            max(statistics.median(worker[name]["seconds"]) for worker in visit.workers)
            for visit in visits
        ]
        figures = {
            "time": figure(seconds),
            "algbw": figure([algbw(message, each) for each in seconds]),
            "busbw": figure([busbw(facts["collective"], message, ranks, s) for s in seconds]),
        }
        rows.append(_row(setup, sizes={**facts, "bytes": message}, figures=figures))
    return rows


def _is_collective(value: Any) -> bool:
    return isinstance(value, dict) and "collective" in value


def _own_rows(place: int, setups: Sequence[BenchSetup], visits: Visits) -> list[Row]:
    """Rows of the testbed's costs: launches, start-up phases, steps beside the bare loop."""
    setup = setups[place]
    if setup.how:
        return []
    if setup.case.scenario in (LAUNCH, HELLO):
        others = {
            other.how: visits[number]
            for number, other in enumerate(setups)
            if other.how and other.case == setup.case
        }
        own = "launch" if setup.case.scenario == LAUNCH else "testbed_launch"
        return [_row(setup, figures=_launch_figures({own: visits[place], **others}))]
    figures = {
        name: figure([v.phases[end] - v.phases.get(begin, 0.0) for v in visits[place]])
        for name, begin, end in STARTUP
    }
    figures |= _of_first_worker(visits[place], ("first_trace", "first_step"))
    if setup.beside:
        inside = [percentile(visit.steps, 0.5) for visit in visits[place]]
        alone = [percentile(visit.alone, 0.5) for visit in visits[place]]
        figures["in_testbed"], figures["alone"] = figure(inside), figure(alone)
        figures["ratio"] = _ratio(inside, alone)
    return [_row(setup, figures=figures)]


def _launch_figures(taken: Mapping[str, Sequence[Visit]]) -> dict[str, Figure]:
    """Seconds of launches, by how their processes are created."""
    seconds = {name: [visit.seconds for visit in of_way] for name, of_way in taken.items()}
    figures = {name: figure(each) for name, each in seconds.items()}
    if "bare_fork" in seconds:
        figures["over_limit"] = _ratio(seconds["launch"], seconds["bare_fork"])
    if "by_hand" in seconds:
        figures["over_hand"] = _ratio(seconds["testbed_launch"], seconds["by_hand"])
    return figures


def _ratio(above: Sequence[float], below: Sequence[float]) -> Figure:
    """The ratio round by round, so that a slow moment affects both sides."""
    return figure([x / y for x, y in zip(above, below, strict=True)])
