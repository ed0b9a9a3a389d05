"""The request of `testbed chaos`: cases and faults, from the options of the command."""

from __future__ import annotations

import secrets
from dataclasses import replace

from testbed.catalogue.selection import Selection, matches, select
from testbed.chaos.cases import ChaosRequest
from testbed.chaos.draw import Wanted, require_sensible, require_worker
from testbed.cli.options.chaos import ChaosOptions
from testbed.cluster.strategies import (
    DEFAULT_DEPLOYMENTS,
    MULTI_WORKER_MIRRORED,
    STRATEGIES,
    WITH_WORKERS,
    Deployment,
    deployments,
)
from testbed.errors import UsageError
from testbed.launcher.interpreter.interpreter import interpreter_path
from testbed.run.numbers import deadlines_of, require_at_least, require_positive
from testbed.run.options import Options
from testbed.run.room import require_room_for

WORKERS = 2

# A random seed is short enough to type.
SEEDS = 10**6

# The largest numbers that a record of chaos may hold, so that it can be read again.
MOST_SEED = 2**63
MOST_SECONDS = 1e9

_NO_PEER = "one worker has no peer that reacts to the fault; choose a case of at least 2"


def request_of(options: ChaosOptions) -> ChaosRequest:
    """The request that the options describe, without its cases.

    Raises:
        UsageError: the command cannot be carried out as written.
    """
    deadlines = deadlines_of(options.deadlines)
    require_positive("--seconds", options.seconds)
    if not -MOST_SEED <= (options.seed or 0) <= MOST_SEED:
        raise UsageError(f"--seed {str(options.seed)[:20]}: from -2**63 to 2**63")
    if (options.seconds or 0) > MOST_SECONDS:
        raise UsageError(f"--seconds {options.seconds:g}: at most {MOST_SECONDS:g}")
    require_at_least(1, repeat=options.repeat)
    require_at_least(0, restarts=options.restarts)
    wanted = Wanted(options.fault, options.worker, options.at, options.seconds)
    require_sensible(wanted)
    return ChaosRequest(
        wanted,
        seed=secrets.randbelow(SEEDS) if options.seed is None else options.seed,
        repeat=options.repeat,
        restarts=options.restarts,
        options=Options(
            python=interpreter_path(options.python),
            deadlines=deadlines,
            isolation=options.isolation,
        ),
    )


def selection_of(options: ChaosOptions) -> Selection:
    """The cases that the options name; each has several workers, so a faulty one has a peer.

    Where no option names a strategy or a cluster, a case's id may name them.

    Raises:
        UsageError: a name fits nothing, or a case has one worker only.
    """
    patterns = options.patterns
    if options.strategy or (options.workers, options.replicas) != (None, None):
        return select(patterns, _deployments(options), options.mode)
    found = select(patterns, DEFAULT_DEPLOYMENTS, options.mode)
    ids = [pattern for pattern in patterns if "@" in pattern]
    usual = deployments([MULTI_WORKER_MIRRORED], WORKERS, 1)
    named = {case for case in found.cases if any(matches(each, case) for each in ids)}
    for case in found.cases:
        if case in named and case.workers == 1:
            raise UsageError(f"{case.id}: {_NO_PEER}")
    kept = [case for case in found.cases if case in named or case.deployment in usual]
    return replace(found, cases=tuple(kept))


def require_possible(selection: Selection, wanted: Wanted) -> None:
    """Reject cases that are too large for this machine, or that lack the worker of the fault.

    Raises:
        UsageError: no case is left, or one of them does not fit.
    """
    selection.require_cases("the selected scenarios have no case of several workers in these modes")
    require_room_for(case.deployment for case in selection.cases)
    for case in selection.cases:
        require_worker(wanted, case.deployment.processes, case.id)


def _deployments(options: ChaosOptions) -> list[Deployment]:
    if options.workers == 1:
        raise UsageError(f"--workers 1: {_NO_PEER}")
    names = options.strategy or [MULTI_WORKER_MIRRORED]
    # `deployments` rejects names of no strategy.
    for name in names:
        if name in STRATEGIES and name not in WITH_WORKERS:
            raise UsageError(
                f"--strategy {name}: one process has no peer that reacts to the fault;"
                f" choose from {', '.join(WITH_WORKERS)}"
            )
    workers = WORKERS if options.workers is None else options.workers
    return deployments(names, workers, 1 if options.replicas is None else options.replicas)
