"""Computes the rows of figures from the visits of every set-up, with pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from testbed.bench.figures.figure import Figure, Row, figure
from testbed.bench.figures.scaling import efficiency, examples_per_second
from testbed.bench.figures.statistics import outlier_share, percentile
from testbed.bench.figures.wire import algbw, busbw, message_bytes
from testbed.bench.request import MODEL, BenchRequest
from testbed.bench.setups import CollectiveSetup, LaunchSetup, SharingSetup
from testbed.bench.visits import BenchSetup, Visit
from testbed.catalogue.scenario import Case
from testbed.cli.options.bench import OWN_COST
from testbed.errors import LaunchError

Visits = Mapping[int, Sequence[Visit]]
"""The visits of each set-up in the order of rounds, by the set-up's index in the plan."""

# Figures of start-up, each with its first and last phase, as a worker reports them.
STARTUP = (("fork", "", "forked"), ("bind", "forked", "bound"), ("strategy", "bound", "joined"))


UNKNOWN_SIZE = "the size of a tensor that crosses devices is not known"


def rows_of(setups: Sequence[BenchSetup], visits: Visits, request: BenchRequest) -> list[Row]:
    """Every row, in the order of the plan."""
    launches: dict[Case, dict[str, Sequence[Visit]]] = {}
    for place, setup in enumerate(setups):
        if isinstance(setup, LaunchSetup):
            launches.setdefault(setup.case, {})[setup.how] = visits[place]
    rows: list[Row] = []
    for place, setup in enumerate(setups):
        if isinstance(setup, CollectiveSetup):
            rows += _wire_rows(setup, visits[place])
        elif isinstance(setup, LaunchSetup):
            # One row for all ways of launching a case.
            if ways := launches.pop(setup.case, None):
                rows.append(_row(setup, figures=_launch_figures(ways)))
        else:
            rows.append(_step_row(setup, visits[place]))
    return [_with_efficiency(row, rows, request) for row in rows]


def outliers_of(visits: Visits) -> float:
    """The share of steps that took far longer than others of the same visit."""
    steps = [visit.steps for of_setup in visits.values() for visit in of_setup if visit.steps]
    if not steps:
        return 0.0
    count = sum(outlier_share(each) * len(each) for each in steps)
    return count / sum(len(each) for each in steps)


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
    if setup.part == OWN_COST:
        return _row(setup, figures=_startup(visits) | _beside_loop(visits))
    figures = {
        f"step_p{share}": figure([percentile(visit.steps, share / 100) for visit in visits])
        for share in (50, 90, 99)
    }
    if setup.case.scenario == MODEL:
        figures["examples"] = _examples(setup, visits)
    if not isinstance(setup, SharingSetup):
        return _row(setup, figures=figures)
    figures |= _accesses(visits)
    figures |= _of_first_worker(visits, ("traces", "retraces", "moved"))
    figures["device_memory"] = _most(visits, lambda worker: max(worker["devices"].values()))
    figures["process_memory"] = _most(visits, lambda worker: worker["proportional"])
    lacking = {} if "moved" in figures else {"moved": UNKNOWN_SIZE}
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
    names = [name for name, value in visits[0].workers[0].items() if _is_collective(value)]
    return [_wire_row(setup, name, visits) for name in names]


def _wire_row(setup: BenchSetup, name: str, visits: Sequence[Visit]) -> Row:
    results = [worker[name] for visit in visits for worker in visit.workers]
    if not all(each["right"] for each in results):
        raise LaunchError(f"{name} of {setup.case.id} gave a wrong result")
    ranks, collective = setup.case.replicas, results[0]["collective"]
    message = message_bytes(collective, results[0]["size"], ranks)
    # A collective ends when it has ended on every worker.
    seconds = [
        max(statistics.median(worker[name]["seconds"]) for worker in visit.workers)
        for visit in visits
    ]
    figures = {
        "time": figure(seconds),
        "algbw": figure([algbw(message, each) for each in seconds]),
        "busbw": figure([busbw(collective, message, ranks, each) for each in seconds]),
    }
    facts = {"collective": collective, "implementation": results[0]["implementation"]}
    return _row(setup, sizes={**facts, "bytes": message}, figures=figures)


def _is_collective(value: Any) -> bool:
    return isinstance(value, dict) and "collective" in value


def _startup(visits: Sequence[Visit]) -> dict[str, Figure]:
    """Figures of the start of a run, by phase, and of its first step."""
    figures = {
        name: figure([visit.phases[end] - visit.phases.get(begin, 0.0) for visit in visits])
        for name, begin, end in STARTUP
    }
    return figures | _of_first_worker(visits, ("first_trace", "first_step"))


def _beside_loop(visits: Sequence[Visit]) -> dict[str, Figure]:
    """Figures of steps beside those of the bare loop; none where the loop did not run."""
    if not visits[0].alone:
        return {}
    inside = [percentile(visit.steps, 0.5) for visit in visits]
    alone = [percentile(visit.alone, 0.5) for visit in visits]
    return {
        "in_testbed": figure(inside),
        "alone": figure(alone),
        "ratio": _ratio(inside, alone),
    }


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
