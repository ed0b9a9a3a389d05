"""The strategies by name, and the clusters on which each of them runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testbed.cluster.cluster import Cluster, Task, tasks, tf_configs
from testbed.errors import UsageError, unknown_name


@dataclass(frozen=True)
class Strategy:
    """One `tf.distribute.Strategy`, with its name on the command line."""

    name: str
    summary: str
    takes_workers: bool = False
    takes_replicas: bool = False
    servers: int = 0
    """The number of parameter servers. With any, a chief runs the program and workers serve it."""


MIRRORED, MULTI_WORKER_MIRRORED = "mirrored", "multi_worker_mirrored"

STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        Strategy("default", "no strategy: one replica on the first device"),
        Strategy("one_device", "OneDeviceStrategy: one replica on a device that is not the first"),
        Strategy(MIRRORED, "MirroredStrategy: R replicas in one process", takes_replicas=True),
        Strategy(
            MULTI_WORKER_MIRRORED,
            "MultiWorkerMirroredStrategy: W processes with R replicas each",
            takes_workers=True,
            takes_replicas=True,
        ),
        Strategy(
            "central_storage",
            "CentralStorageStrategy: R replicas that share variables on the first device",
            takes_replicas=True,
        ),
        Strategy(
            "parameter_server",
            "ParameterServerStrategy: a chief, W workers, and a server that holds the variables",
            takes_workers=True,
            servers=1,
        ),
    )
}

MIRRORING = ("default", "one_device", MIRRORED, MULTI_WORKER_MIRRORED)
"""The default strategies of a scenario; the others share variables instead of mirroring."""

REPLICATING = tuple(name for name in MIRRORING if STRATEGIES[name].takes_replicas)
"""The strategies that mirror variables to replicas, on which `testbed check` runs a program."""

WITH_WORKERS = tuple(each.name for each in STRATEGIES.values() if each.takes_workers)
WITH_REPLICAS = tuple(each.name for each in STRATEGIES.values() if each.takes_replicas)


@dataclass(frozen=True)
class Deployment:
    """A strategy and its cluster, written like `mirrored-2`."""

    strategy: str
    cluster: Cluster

    def __str__(self) -> str:
        known = STRATEGIES[self.strategy]
        numbers = [self.cluster.workers] * known.takes_workers
        numbers += [self.cluster.replicas_per_worker] * known.takes_replicas
        return "-".join(filter(None, (self.strategy, "x".join(map(str, numbers)))))

    @property
    def in_sync(self) -> Cluster:
        """The part of the cluster that takes a step together; with a chief, a single worker."""
        return Cluster() if STRATEGIES[self.strategy].servers else self.cluster

    @property
    def processes(self) -> int:
        """The number of its processes."""
        servers = STRATEGIES[self.strategy].servers
        return self.cluster.workers + servers + bool(servers)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks of its processes, in the order of their reports."""
        return tasks(self.cluster.workers, STRATEGIES[self.strategy].servers)

    def environments(
        self, addresses: Sequence[str], named: Sequence[Task] = ()
    ) -> list[dict[str, str]]:
        """The part of each worker's environment that names its place in the cluster.

        Args:
            addresses: the `host:port` of all processes.
            named: tasks that replace `tasks`, for example where the first process is a chief.
        """
        if not STRATEGIES[self.strategy].takes_workers:
            return [{} for _ in addresses]
        return [
            # The second one lets the worker listen on a port that this process holds.
            {"TF_CONFIG": config, "TF_GRPC_REUSE_PORT": "true"}
            for config in tf_configs(named or self.tasks, addresses)
        ]


DEFAULT_DEPLOYMENTS = (
    Deployment("default", Cluster()),
    Deployment("one_device", Cluster()),
    Deployment(MIRRORED, Cluster(1, 2)),
    Deployment(MULTI_WORKER_MIRRORED, Cluster(2, 1)),
    Deployment(MULTI_WORKER_MIRRORED, Cluster(2, 2)),
    Deployment("central_storage", Cluster(1, 2)),
    Deployment("parameter_server", Cluster(2, 1)),
)


def deployments(
    names: Sequence[str] | None, workers: int | None, replicas: int | None
) -> list[Deployment]:
    """The deployments that a command selects.

    Without names these are the defaults, and a number of workers or replicas changes those that
    can take it. With names, a number that a named strategy cannot take is an error.

    Raises:
        UsageError: an unknown strategy, a number below 1, or a number that does not fit.
    """
    _require_positive("--workers", workers)
    _require_positive("--replicas", replicas)
    unknown = sorted(set(names or ()) - set(STRATEGIES))
    if unknown:
        raise UsageError(unknown_name("strategy", unknown[0], STRATEGIES))
    if workers is None and replicas is None:
        return [d for d in DEFAULT_DEPLOYMENTS if not names or d.strategy in names]
    return [
        Deployment(known.name, _cluster(known, workers, replicas, named=bool(names)))
        for known in STRATEGIES.values()
        if not names or known.name in names
    ]


def _cluster(known: Strategy, workers: int | None, replicas: int | None, named: bool) -> Cluster:
    if named and (workers or 1) > 1 and not known.takes_workers:
        raise UsageError(
            f"--workers {workers}: {known.name} runs in one process;"
            f" choose from {', '.join(WITH_WORKERS)}"
        )
    if named and (replicas or 1) > 1 and not known.takes_replicas:
        raise UsageError(
            f"--replicas {replicas}: {known.name} has one replica in each process;"
            f" choose from {', '.join(WITH_REPLICAS)}"
        )
    return cluster_of(known, workers, replicas)


def cluster_of(known: Strategy, workers: int | None, replicas: int | None) -> Cluster:
    """The cluster of a strategy, with default numbers where none are given or it takes none."""
    if known.takes_workers:
        return Cluster(workers or 2, (replicas or 1) if known.takes_replicas else 1)
    return Cluster(1, replicas or 2) if known.takes_replicas else Cluster()


def _require_positive(option: str, number: int | None) -> None:
    if number is not None and number < 1:
        raise UsageError(f"{option} {number}: at least 1")
