"""Builds the request of a benchmark from the options of `testbed bench`."""

from __future__ import annotations

from dataclasses import replace

from testbed.bench.programs.sizes import HEADS
from testbed.bench.request import QUICK, THOROUGH, BenchRequest
from testbed.cli.options.bench import OWN_COST, PARTS, BenchOptions
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import MULTI_WORKER_MIRRORED, Deployment
from testbed.errors import UsageError
from testbed.hosts.role import Role
from testbed.launcher.interpreter.interpreter import interpreter_path
from testbed.run.numbers import require_at_least
from testbed.run.room import require_room_for


def request_of(options: BenchOptions, role: Role) -> BenchRequest:
    """The request that the options describe.

    Raises:
        UsageError: the command cannot be carried out as written.
    """
    _require_valid(options)
    # The cost of the testbed is measured relative to the same machine without the testbed.
    elsewhere = {OWN_COST} if role.rank else set()
    if elsewhere & set(options.parts):
        raise UsageError(f"{OWN_COST} measures one machine: run it without --engine")
    effort = QUICK if options.quick else THOROUGH
    return BenchRequest(
        parts=tuple(options.parts) or tuple(each for each in PARTS if each not in elsewhere),
        effort=replace(effort, rounds=options.rounds or effort.rounds),
        quick=options.quick,
        device=options.device,
        sizes={"batch": options.batch, "width": options.width, "image": options.image},
        isolation=options.isolation,
        python=interpreter_path(options.python),
        rank=role.rank,
        workers=role.workers(options.workers) or 0,
        replicas=options.replicas,
    )


def require_room(request: BenchRequest) -> None:
    """Reject a largest cluster that is too large for this machine.

    Raises:
        UsageError: names the limit, and the largest number that fits.
    """
    # Without --workers or --replicas the largest cluster has at most 8 of them.
    largest = Cluster(request.workers or 1, request.replicas or 1)
    require_room_for([Deployment(MULTI_WORKER_MIRRORED, largest)], rank=request.rank)


def _require_valid(options: BenchOptions) -> None:
    require_at_least(
        1, rounds=options.rounds, batch=options.batch, width=options.width, image=options.image
    )
    for name in ("workers", "replicas", "tolerance"):
        number = getattr(options, name)
        if number < 0:
            raise UsageError(f"--{name} {number:g}: not below 0")
    if options.width % HEADS:
        raise UsageError(f"--width {options.width}: a multiple of {HEADS}, the attention's heads")
