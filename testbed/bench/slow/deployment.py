"""The deployment of a program that is taken apart: for its first run, and once it is known."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.check.deployment import used
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import MULTI_WORKER_MIRRORED, Deployment
from testbed.run.user_code.cluster_choice import Choice
from testbed.verdict.program_notes import Note

# A run of a program on more replicas than these is asked for, not chosen.
_MOST = 8
_CURE = "use --replicas R for one process of R replicas"


def first_deployment(workers: int, replicas: int, room: int) -> tuple[Deployment, Choice]:
    """The deployment to start, and how the program's own strategy changes it.

    Args:
        workers: the number of workers; 0 where the strategy of the program decides.
        replicas: the number of replicas of each worker; 0 for as many as there is room for.
        room: how many replicas can run at the same time.
    """
    if workers:
        started = Cluster(workers, replicas or 1)
        return Deployment(MULTI_WORKER_MIRRORED, started), Choice(cure=_CURE, checked=True)
    several = max(2, min(room, _MOST))
    started = Cluster(2 if replicas else several, replicas or 1)
    choice = Choice(replicas or several, _CURE, checked=True)
    return Deployment(MULTI_WORKER_MIRRORED, started), choice


def known_deployment(
    started: Deployment, notes: Sequence[Sequence[Note]], replicas: int
) -> Deployment | None:
    """The strategy of the program, on all replicas that it used; None if it made none.

    Args:
        started: the deployment of its first run.
        notes: of each worker of that run.
        replicas: of all workers.
    """
    strategies = used(started, notes, [])
    if not strategies.deployments:
        return None
    found = strategies.deployments[0]
    workers = found.cluster.workers
    return Deployment(found.strategy, Cluster(workers, max(1, replicas // workers)))
