"""Reasons to doubt the figures: a closed list, each with its cause and the next step."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from testbed.bench.figures.figure import METRICS, Row
from testbed.bench.host import Host
from testbed.bench.request import BenchRequest
from testbed.decoding import OneOf

FEW_ROUNDS = 5
WIDE_INTERVAL = 0.1
UNSTEADY = 0.1
BUSY = 0.25
STOLEN = 0.01
OUTLIERS = 0.02
DRIFT = 0.05


@dataclass(frozen=True)
class Doubt:
    """One reason to doubt: the observation, why it can mislead, and the next step."""

    name: Annotated[str, OneOf(tuple(CAUSES))]
    """The name of the reason."""
    observation: str
    """The observation."""
    cause: str
    """Why it can mislead."""
    next_step: str
    """What to do about it."""


CAUSES = {
    "few_rounds": (
        "an interval of so few rounds is hardly more than their range",
        "leave out --quick, or raise --rounds",
    ),
    "busy_machine": (
        "other programs were running when the benchmark began",
        "end them, and measure again",
    ),
    "unsteady_machine": (
        "other programs, a changing clock, or other guests of the same host",
        "measure when the machine is idle, with its clock fixed",
    ),
    "stolen_time": (
        "the machine is a guest, and its host gave processor time to other guests",
        "measure on a machine of your own, or compare only figures of one run",
    ),
    "frequency_scaling": (
        "the kernel changes the cores' clock with the load",
        "set the governor: cpupower frequency-set --governor performance",
    ),
    "wide_interval": (
        "rounds of one set-up differ by more than the differences of interest",
        "raise --rounds, or ignore differences that are smaller than the interval",
    ),
    "drift": (
        "the machine became slower or faster while it was measured, as from heat",
        "let it run warm, then measure again",
    ),
    "outliers": (
        "something outside the step delayed some steps",
        "trust the median; p99 holds only for this machine in this state",
    ),
    "oversubscribed": (
        "replicas that share a core or a GPU wait for each other",
        "ask for fewer --replicas and --workers, or a larger machine",
    ),
    "no_copy": (
        "logical CPU devices of one process share its memory, so nothing needs to be copied",
        "use the wire figures between workers, or measure on GPUs",
    ),
    "split_gpu": (
        "logical devices of one GPU share its processors and its memory",
        "use --device gpu for figures of speed",
    ),
    "tf32": (
        "GPUs since Ampere multiply float32 in TF32, which is faster and keeps three digits;"
        " testbed run computes in full float32",
        "set NVIDIA_TF32_OVERRIDE=0 to measure full float32",
    ),
}
"""Cause and next step of every doubt, by its name."""


def doubts_of(
    rows: Sequence[Row],
    outliers: float,
    host: Host,
    governor: str | None,
    request: BenchRequest,
    environment: Mapping[str, str],
) -> list[Doubt]:
    """Every doubt that holds.

    Args:
        rows: the rows of the benchmark.
        outliers: the share of steps that took far longer than others of the same visit.
        host: the state of the machine during the benchmark.
        governor: the frequency governor of the cores, if known.
        request: the request of the command.
        environment: the variables that affect TensorFlow's speed.
    """
    checks: Iterable[Callable[[], str]] = (
        lambda: _few_rounds(request),
        lambda: _busy(host),
        lambda: _unsteady(host),
        lambda: _stolen(host),
        lambda: _governor(governor),
        lambda: _wide(rows),
        lambda: _drift(rows),
        lambda: _outliers(outliers),
        lambda: _oversubscribed(request),
        lambda: _no_copy(rows, host, request),
        lambda: _split(request),
        lambda: _tf32(request, environment),
    )
    observations = zip(CAUSES, (check() for check in checks), strict=True)
    return [Doubt(name, seen, *CAUSES[name]) for name, seen in observations if seen]


def _few_rounds(request: BenchRequest) -> str:
    rounds = request.effort.rounds
    return f"{rounds} round{'s' * (rounds != 1)}" if rounds < FEW_ROUNDS else ""


def _busy(host: Host) -> str:
    if host.load_before <= BUSY * host.cores:
        return ""
    return f"a load of {host.load_before:.1f} on {host.cores} cores before the first step"


def _unsteady(host: Host) -> str:
    if host.unsteadiness <= UNSTEADY:
        return ""
    return f"the same work took up to {host.unsteadiness:.0%} longer in some rounds than in others"


def _stolen(host: Host) -> str:
    return f"{host.stolen:.0%} of the processor time" if host.stolen > STOLEN else ""


def _governor(governor: str | None) -> str:
    if governor in (None, "performance"):
        return ""
    return f"frequency governor '{governor}'"


def _wide(rows: Sequence[Row]) -> str:
    wide = [
        (row.figures[name].spread, row, name)
        for row in rows
        for name in row.figures
        if METRICS[name].better and row.figures[name].spread > WIDE_INTERVAL
    ]
    if not wide:
        return ""
    watched = sum(bool(METRICS[name].better) for row in rows for name in row.figures)
    spread, row, name = max(wide, key=lambda each: each[0])
    return (
        f"{len(wide)} of {watched} figures are known to no better than {WIDE_INTERVAL:.0%},"
        f" the worst to {spread:.0%}: {name} of {row.key}"
    )


def _drift(rows: Sequence[Row]) -> str:
    """Check whether the later rounds of most steps are slower, or faster, than the earlier."""
    changes = list(_changes(rows))
    if not changes:
        return ""
    middle = statistics.median(changes)
    same_way = sum((change > 0) == (middle > 0) for change in changes) / len(changes)
    if abs(middle) <= DRIFT or same_way < 0.8:
        return ""
    return f"steps of later rounds took {abs(middle):.0%} {'more' if middle > 0 else 'less'} time"


def _changes(rows: Sequence[Row]) -> Iterator[float]:
    for row in rows:
        taken = row.figures.get("step_p50")
        if taken and len(taken.rounds) >= 2 * FEW_ROUNDS:
            half = len(taken.rounds) // 2
            first, last = taken.rounds[:half], taken.rounds[-half:]
            yield statistics.median(last) / statistics.median(first) - 1


def _outliers(share: float) -> str:
    return f"{share:.1%} of the steps took far longer than the rest" if share > OUTLIERS else ""


def _oversubscribed(request: BenchRequest) -> str:
    most = max(request.replicas, request.workers)
    if most <= request.capacity:
        return ""
    return f"up to {most} replicas on {request.room}"


def _no_copy(rows: Sequence[Row], host: Host, request: BenchRequest) -> str:
    """Check whether a message was carried faster than memory can be copied."""
    limit = max(host.copies, default=0.0)
    fast = [row for row in rows if row.part == "wire" and row.figures["busbw"].value > limit]
    # Links between GPUs may be faster than the host's memory.
    if not fast or request.device != "cpu":
        return ""
    name = fast[0].sizes["collective"]
    return f"{name} on {fast[0].deployment} took less time than a copy of its message"


def _split(request: BenchRequest) -> str:
    if request.device != "split-gpu":
        return ""
    most = max(request.replicas, -(-request.workers // max(1, request.capacity)))
    if most == 1:
        return "a logical device with a memory limit stands for each GPU"
    shared = f"{most} replicas share one GPU"
    if "wire" not in request.parts:
        return shared
    return f"{shared}: the wire figures are of copies within it, not of the wire between GPUs"


def _tf32(request: BenchRequest, environment: Mapping[str, str]) -> str:
    if request.device == "cpu" or environment.get("NVIDIA_TF32_OVERRIDE") == "0":
        return ""
    return "float32 is measured as TensorFlow computes it on GPUs by default"
