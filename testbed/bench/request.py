"""The request of a benchmark: its parts, its programs, and how much time it may take."""

from __future__ import annotations

from dataclasses import dataclass, replace

from testbed.bench.programs.sizes import HEADS
from testbed.cli.options.bench import BenchOptions
from testbed.cluster.cluster import Cluster
from testbed.cluster.isolation_levels import AUTO
from testbed.cluster.strategies import MULTI_WORKER_MIRRORED, Deployment
from testbed.errors import UsageError, unknown_name
from testbed.hosts.rank import Rank
from testbed.hosts.role import Role
from testbed.run.numbers import require_at_least
from testbed.run.room import require_room_for

OWN_COST = "own_cost"
PARTS = {
    "sharing": "what each way of sharing costs, made outside the scope and in it",
    "scaling": "how steps scale with replicas and workers",
    "wire": "what collectives carry, by size",
    OWN_COST: "what the testbed itself costs: start-up, and its steps beside a bare loop",
}

WEIGHT, MODEL = "weight.update", "model.training"
"""The scenarios of which steps are timed."""


@dataclass(frozen=True)
class Effort:
    """How much time a benchmark may take; times are in seconds."""

    rounds: int
    step_budget: float
    """Seconds for the timed steps of one visit."""
    most_steps: int
    accesses: int
    """Number of calls that read or write the variable; each call does so several times."""
    sizes: tuple[int, ...]
    """Bytes of the collectives' messages."""
    calls: int
    """Number of calls of a collective; fewer for large messages."""
    bytes_timed: int


QUICK = Effort(3, 0.06, 300, 4, tuple(4**k for k in (1, 6, 11)), 10, 2**24)
THOROUGH = Effort(10, 0.25, 1000, 20, tuple(4**k for k in range(1, 13)), 50, 2**26)


@dataclass(frozen=True)
class BenchRequest:
    """The request of the `bench` command."""

    parts: tuple[str, ...]
    effort: Effort
    quick: bool
    device: str
    sizes: dict[str, int]
    """Sizes of the model: batch, width, image."""
    capacity: int = 1
    """Number of cores or GPUs, so of replicas that can run at the same time."""
    isolation: str = AUTO
    """The isolation of the processes, as in `testbed.launcher.isolation.isolation`."""
    rank: Rank | None = None
    """The rank of this host, as in `testbed.run.case.Options`."""
    workers: int = 0
    replicas: int = 0
    """The largest cluster, in workers with one replica and in replicas of one worker; 0 means as
    many as the machine can run."""

    @property
    def room(self) -> str:
        """The capacity in words: `2 cores`."""
        return f"{self.capacity} {'cores' if self.device == 'cpu' else 'GPUs'}"


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
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        raise UsageError(unknown_name("part", unknown[0], PARTS))
    require_at_least(
        1, rounds=options.rounds, batch=options.batch, width=options.width, image=options.image
    )
    for name in ("workers", "replicas", "tolerance"):
        number = getattr(options, name)
        if number < 0:
            raise UsageError(f"--{name} {number:g}: not below 0")
    if options.width % HEADS:
        raise UsageError(f"--width {options.width}: a multiple of {HEADS}, the attention's heads")
