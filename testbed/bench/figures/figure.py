"""The metrics of a benchmark, and its results: figures and rows."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from testbed.bench.figures.statistics import interval
from testbed.cli.options.bench import PARTS
from testbed.decoding import AtLeast, Key, Keys, OneOf, ProcessCount, Range


@dataclass(frozen=True)
class Metric:
    """One measured quantity; `unit` is s, /s, B, B/s, count, or empty for a ratio."""

    name: str
    unit: str
    meaning: str
    better: str = ""
    """`lower` or `higher` if `--against` watches the metric; empty if neither is better."""


METRICS = {
    metric.name: metric
    for metric in (
        Metric("step_p50", "s", "time that half of the steps take at most", "lower"),
        Metric("step_p90", "s", "time that 90 % of the steps take at most"),
        Metric("step_p99", "s", "time that 99 % of the steps take at most"),
        Metric("reads", "/s", "reads by each replica, in a tf.function", "higher"),
        Metric("writes", "/s", "writes by each replica, in a tf.function", "higher"),
        Metric("traces", "count", "traces of the step until it had run once"),
        Metric("retraces", "count", "traces of the step after it had run once"),
        Metric("moved", "B", "bytes that a worker's devices send in one step"),
        Metric(
            "device_memory", "B", "most on one device: all memory on a GPU, the variable on a CPU"
        ),
        Metric("process_memory", "B", "proportional memory of a worker"),
        Metric("examples", "/s", "examples of all replicas", "higher"),
        Metric("efficiency", "", "examples divided by replicas times those of one"),
        Metric("time", "s", "time of one collective, its call included", "lower"),
        Metric("algbw", "B/s", "message size divided by time"),
        Metric("busbw", "B/s", "least bytes that each rank must move, divided by time"),
        Metric("import", "s", "starting Python and importing TensorFlow, once a run", "lower"),
        Metric("fork", "s", "from the request until the worker runs", "lower"),
        Metric(
            "bind", "s", "from that point until the runtime is up and its server listens", "lower"
        ),
        Metric("strategy", "s", "from that point until the strategy is built", "lower"),
        Metric("first_trace", "s", "tracing the step", "lower"),
        Metric("first_step", "s", "the first step after its trace", "lower"),
        Metric("launch", "s", "a whole case whose workers are forked", "lower"),
        Metric("bare_fork", "s", "the same in a bare loop that only forks: the limit"),
        Metric("over_limit", "", "ratio of the two above, round by round"),
        Metric("fresh", "s", "the same in new interpreters"),
        Metric("testbed_launch", "s", "the whole of testbed launch with a small program", "lower"),
        Metric("by_hand", "s", "the same program in interpreters that are started by hand"),
        Metric("over_hand", "", "ratio of the two above, round by round"),
        Metric("in_testbed", "s", "a step of the scenario in the testbed"),
        Metric("alone", "s", "the same step in a script without the testbed"),
        Metric("ratio", "", "ratio of the two above, round by round"),
    )
}


_Positive = Annotated[float, Range(1e-12, 10**18)]
_NotNegative = Annotated[float, Range(0, 10**18)]


@dataclass(frozen=True)
class Figure:
    """The median of the rounds, its 95 % interval, and the rounds themselves."""

    value: _Positive
    """The median."""
    low: _Positive
    """The lower end of its 95 % interval, from a bootstrap over rounds."""
    high: _Positive
    """The upper end of the interval."""
    rounds: Annotated[tuple[_Positive, ...], AtLeast(1)]
    """The value of each round."""

    @property
    def spread(self) -> float:
        """Half the interval, as a share of the value."""
        return (self.high - self.low) / 2 / self.value if self.value else 0.0


@dataclass(frozen=True)
class Amount(Figure):
    """The figure of a metric that may be 0."""

    value: _NotNegative
    low: _NotNegative
    high: _NotNegative
    rounds: Annotated[tuple[_NotNegative, ...], AtLeast(1)]


def figure(rounds: Sequence[float]) -> Figure:
    """Compute the figure of rounds."""
    low, high = interval(rounds)
    return Figure(statistics.median(rounds), low, high, tuple(rounds))


_UNITS = {
    "s": "seconds",
    "/s": "per second",
    "B": "bytes",
    "B/s": "bytes per second",
    "count": "a count",
    "": "a ratio",
}


def _key_of(metric: Metric) -> Key:
    """The figure of a metric in a row."""
    kind = Amount if metric.unit in ("count", "B") else Figure
    watched = {
        "lower": "`--against` watches that it gets no higher",
        "higher": "`--against` watches that it gets no lower",
        "": "not watched by `--against`",
    }[metric.better]
    meaning = metric.meaning[:1].upper() + metric.meaning[1:]
    return Key(metric.name, kind, f"{meaning} ({_UNITS[metric.unit]}; {watched}).")


_Size = Annotated[int, Range(0, 2**53)]

_Sizes = Annotated[
    dict[str, Any],
    Keys(
        (
            Key("elements", _Size, "The elements of a weight."),
            Key("batch", _Size, "The examples of a step of the model."),
            Key("width", _Size, "The width of the model."),
            Key("image", _Size, "The edge of its images, in pixels."),
            Key("collective", str, "The collective."),
            Key("implementation", str, "Its implementation."),
            Key("bytes", _Size, "The bytes of a message."),
        )
    ),
]
_Figures = Annotated[dict[str, Figure], Keys(tuple(map(_key_of, METRICS.values())))]
_Reasons = Annotated[
    dict[str, str], Keys(tuple(Key(n, str, f"Why {n} has none.") for n in METRICS))
]


@dataclass(frozen=True)
class Row:
    """All figures of one set-up."""

    part: Annotated[str, OneOf(tuple(PARTS))]
    """The part of the benchmark."""
    case: str
    """The id of the case: its program, site, mode and deployment."""
    program: str
    """The script and the scenario that was measured."""
    site: Annotated[str, OneOf(("outside_scope", "in_scope"))]
    """Where the object is made."""
    mode: Annotated[str, OneOf(("eager", "function"))]
    """How steps are taken."""
    strategy: str
    """The strategy."""
    workers: ProcessCount
    """The number of workers in the cluster."""
    replicas: ProcessCount
    """The number of devices of each worker."""
    sizes: _Sizes = field(default_factory=dict)
    """The arguments of the program, by name."""
    figures: _Figures = field(default_factory=dict)
    """The figures, by metric."""
    lacking: _Reasons = field(default_factory=dict)
    """Why a metric has no figure, by its name."""

    @property
    def key(self) -> str:
        """The identity of the row, equal in every run of the benchmark."""
        sizes = ",".join(f"{name}={value}" for name, value in sorted(self.sizes.items()))
        return f"{self.part} {self.case} {sizes}".rstrip()

    @property
    def deployment(self) -> str:
        """Strategy and cluster, as in case ids."""
        return self.case.partition("@")[2]

    @property
    def in_sync(self) -> int:
        """The number of replicas of all workers."""
        return self.workers * self.replicas
