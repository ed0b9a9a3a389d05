"""The mark of a test that runs in a cluster: turns its arguments into set-ups."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from testbed.catalogue.scenario import MODES, SITES, known_names
from testbed.cluster.strategies import STRATEGIES, Deployment, Strategy, cluster_of
from testbed.errors import UsageError

MARK = "distributed"

PARAMETER = "distributed_setup"
"""The name of the parameter of a test that has several set-ups."""

RAW_OUTCOME = "testbed_raw_outcome"
"""The attribute of a report that holds the outcome before any mark changes it."""

WORKER_PLUGIN = "testbed-worker"
"""The name of the plugin that is registered with pytest only in a worker."""


@dataclass(frozen=True)
class MarkSetup:
    """One way to run a marked test."""

    site: str
    mode: str
    deployment: Deployment
    timeout: float | None = None
    """Seconds from when all workers have joined; None: the timeout of the suite."""
    start_timeout: float | None = None
    fresh: bool = False

    @property
    def typed(self) -> str:
        """The mark as an error names it."""
        return f"@pytest.mark.{MARK}, {self.deployment}"


def setups(
    strategy: str | Iterable[str] = "multi_worker_mirrored",
    workers: int | Iterable[int] | None = None,
    replicas: int | Iterable[int] | None = None,
    *,
    site: str | Iterable[str] = "in_scope",
    mode: str | Iterable[str] = "eager",
    timeout: float | None = None,
    start_timeout: float | None = None,
    fresh: bool = False,
) -> dict[str, MarkSetup]:
    """The set-ups of `@pytest.mark.distributed(...)`, by ids that name only their differences.

    Args:
        strategy: one of `testbed.cluster.strategies`, or several.
        workers: processes of a cluster, or several numbers; by default 2. A strategy that runs in
            one process takes no number.
        replicas: of each worker, or several numbers; by default 1, and 2 where there is only one
            process.
        site: where `bed.make` makes its objects.
        mode: how `bed.run` takes its steps.
        timeout: seconds from when all workers have joined until all have reported.
        start_timeout: seconds until all workers have joined.
        fresh: a new interpreter for every worker, with its own string hash seed.

    Raises:
        UsageError: an unknown name, a value that is no number, or a number that no strategy takes.
    """
    strategies = [STRATEGIES[name] for name in known_names("strategy", strategy, tuple(STRATEGIES))]
    deployments = dict.fromkeys(
        Deployment(known.name, cluster_of(known, w, r))
        for known in strategies
        for w in _taken("workers", workers, strategies, lambda one: one.takes_workers, known)
        for r in _taken("replicas", replicas, strategies, lambda one: one.takes_replicas, known)
    )
    _require_seconds("timeout", timeout)
    _require_seconds("start_timeout", start_timeout)
    product = itertools.product(
        known_names("site", site, SITES), known_names("mode", mode, MODES), deployments
    )
    found = [
        MarkSetup(where, how, deployment, timeout, start_timeout, fresh)
        for where, how, deployment in product
    ]
    if not found:
        raise UsageError("at least one strategy, one site, one mode and one number of each")
    return {_id(each, found): each for each in found}


def _require_seconds(name: str, seconds: float | None) -> None:
    if seconds is not None and not (_is_number(seconds) and seconds > 0):
        raise UsageError(f"{name}={seconds!r}: seconds, more than 0")


def _id(setup: MarkSetup, among: list[MarkSetup]) -> str:
    """The values in which a set-up differs from the others, like `function,mirrored-2`."""

    def varies(value: Callable[[MarkSetup], Any]) -> bool:
        return len({value(each) for each in among}) > 1

    values: tuple[Callable[[MarkSetup], Any], ...] = (
        lambda each: each.site,
        lambda each: each.mode,
        lambda each: each.deployment,
    )
    return ",".join(str(value(setup)) for value in values if varies(value))


def _taken(
    name: str,
    given: int | Iterable[int] | None,
    strategies: list[Strategy],
    takes: Callable[[Strategy], bool],
    known: Strategy,
) -> tuple[int | None, ...]:
    """The given numbers where the strategy takes them, and (None,) where it does not."""
    if given is None:
        return (None,)
    numbers = _whole_numbers(name, given)
    if max(numbers, default=1) > 1 and not any(map(takes, strategies)):
        takers = ", ".join(one.name for one in STRATEGIES.values() if takes(one))
        names = ", ".join(one.name for one in strategies)
        raise UsageError(f"{name}={max(numbers)}: {names} takes none; {takers} do")
    return numbers if takes(known) else (None,)


def _whole_numbers(name: str, given: int | Iterable[int]) -> tuple[int, ...]:
    numbers = tuple(given) if isinstance(given, (tuple, list, range, set)) else (given,)
    for number in numbers:
        if not _is_number(number) or number != int(number) or number < 1:
            raise UsageError(f"{name}={number!r}: a whole number, at least 1")
    return numbers


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
