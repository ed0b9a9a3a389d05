"""The deployment of a checked program: what it is started for, and what its strategies used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from testbed.check.observations.seen import WorkerObservations
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import MIRRORED, MULTI_WORKER_MIRRORED, Deployment
from testbed.errors import UsageError
from testbed.run.user_code.cluster_choice import Choice
from testbed.verdict.program_notes import MADE, Made, Note, decoded

OF_DEFAULT = Deployment(MIRRORED, Cluster(1, 1))
"""One process with one device, for a program without a strategy."""

_KINDS = {"MirroredStrategy": MIRRORED, "MultiWorkerMirroredStrategy": MULTI_WORKER_MIRRORED}
"""The strategies that a check observes, by their public names."""

_CURE = "use --strategy mirrored --replicas R for one process of R replicas"


def wanted(
    strategy: str | None, workers: int | None, replicas: int | None
) -> tuple[Deployment, Choice]:
    """The deployment to start, and how the program's own strategy changes it.

    Without a strategy and without a number of workers, the first strategy that the program makes
    decides: MirroredStrategy has one process of `replicas` devices (default 2), and
    MultiWorkerMirroredStrategy two workers of `replicas` devices (default 1).

    Args:
        strategy: a name of `STRATEGIES`, or None.
        workers: the number of workers, or None.
        replicas: the number of replicas of each worker, or None.

    Raises:
        UsageError: mirrored has one worker.
    """
    if strategy == MIRRORED:
        if (workers or 1) > 1:
            raise UsageError("--workers: mirrored runs in one process")
        return Deployment(MIRRORED, Cluster(1, replicas or 2)), Choice()
    if strategy is None and workers is None:
        choice = Choice(replicas or 2, _CURE, checked=True)
        return Deployment(MULTI_WORKER_MIRRORED, Cluster(2, replicas or 1)), choice
    # A single worker replicates nothing unless it has several replicas.
    of_each = replicas or (2 if strategy is None and workers == 1 else 1)
    several = Deployment(MULTI_WORKER_MIRRORED, Cluster(workers or 2, of_each))
    return several, Choice(cure=_CURE, checked=True)


@dataclass(frozen=True)
class Used:
    """The strategies that a program made, and on how many workers and replicas."""

    deployments: tuple[Deployment, ...] = ()
    """Of the observed strategies under which it took steps, or else of all that it made."""
    others: tuple[Made, ...] = ()
    """The strategies that it made and that are not observed."""
    connects: bool = False
    """Whether a strategy connects the workers."""

    @property
    def where(self) -> str:
        """The deployments by their names, like `mirrored-2`; empty if there are none."""
        return " and ".join(map(str, self.deployments))

    @property
    def of_one(self) -> Deployment:
        """The same kind of strategy on one worker with one replica."""
        several = MULTI_WORKER_MIRRORED in {each.strategy for each in self.deployments}
        return Deployment(MULTI_WORKER_MIRRORED if several else MIRRORED, Cluster(1, 1))

    @property
    def unchecked(self) -> str:
        """Why nothing was checked, and what to do; empty where a strategy was observed."""
        if self.deployments:
            return ""
        only = ", ".join(f"{made.name}{made.line}" for made in self.others)
        return (
            "no MirroredStrategy or MultiWorkerMirroredStrategy was made"
            + f", only {only}" * bool(only)
            + ": nothing was checked; make one and train in its scope, or use testbed launch to"
            " run the program as it is"
        )


def used(
    started: Deployment, notes: Iterable[Sequence[Note]], seen: Sequence[WorkerObservations]
) -> Used:
    """The strategies that a program used.

    Args:
        started: the deployment for which its workers were started.
        notes: the notes of each worker that ran the program.
        seen: the observations of those workers that have reported.
    """
    running = list(notes)
    made: dict[str, Made] = {}
    for each in running:
        for strategy in decoded(each, MADE, Made.of_note):
            made.setdefault(strategy.name, strategy)
    stepped = {name for each in seen for name in each.strategies}
    observed = [name for name in _KINDS if name in made]
    replicas = max((each.replicas for each in seen), default=started.cluster.replicas_per_worker)
    return Used(
        tuple(
            Deployment(_KINDS[name], Cluster(_workers(name, len(running)), replicas))
            for name in [each for each in observed if each in stepped] or observed
        ),
        tuple(strategy for name, strategy in made.items() if name not in _KINDS),
        connects="MultiWorkerMirroredStrategy" in made,
    )


def _workers(name: str, running: int) -> int:
    return running if _KINDS[name] == MULTI_WORKER_MIRRORED else 1
