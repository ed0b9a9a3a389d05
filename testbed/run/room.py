"""Rejects a cluster that is too large for this machine, before any worker starts."""

from __future__ import annotations

from collections.abc import Iterable

from testbed.cluster.strategies import Deployment
from testbed.hosts.rank import Rank
from testbed.launcher.machine.capacity import limit_of, require_room


def require_room_for(
    deployments: Iterable[Deployment],
    *,
    asked: str = "",
    at_once: int = 1,
    fresh: bool = False,
    rank: Rank | None = None,
) -> None:
    """Reject deployments that are too large to run this many at once on this machine.

    Args:
        deployments: that are run.
        asked: the user's words for the error; by default the options of such a deployment.
        at_once: how many of them run side by side.
        fresh: whether each worker is a new interpreter.
        rank: the rank of this host, where workers are distributed over several hosts.

    Raises:
        UsageError: there is no room; names the limit, and the largest number that fits.
    """
    for each in dict.fromkeys(deployments):
        replicas = each.cluster.replicas_per_worker
        typed = f"--workers {each.cluster.workers}" + f" --replicas {replicas}" * (replicas > 1)
        here, workers = at_once * _here(each, rank), at_once * each.cluster.workers
        beside = max(0, here - workers)
        require_room(asked or typed, here - beside, replicas, beside=beside, fresh=fresh)


def most_at_once(
    deployments: Iterable[Deployment], *, fresh: bool = False, rank: Rank | None = None
) -> int:
    """How many of any of the deployments this machine can run side by side; at least 1."""
    return max(
        1,
        min(
            limit_of(each.cluster.replicas_per_worker, fresh=fresh).most // _here(each, rank)
            for each in dict.fromkeys(deployments)
        ),
    )


def _here(deployment: Deployment, rank: Rank | None) -> int:
    """The number of a deployment's processes on this machine."""
    hosts = rank.size if rank else 1
    return -(-deployment.processes // hosts)
