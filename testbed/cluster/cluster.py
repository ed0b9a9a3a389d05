"""A cluster of W workers with R replicas each, its tasks and their TF_CONFIG."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

MEETING_S = 300.0
"""Seconds within which all workers must join: engines start them one by one, and pull images
first."""


@dataclass(frozen=True)
class Cluster:
    """W workers (processes) with R replicas (devices) each."""

    workers: int = 1
    replicas_per_worker: int = 1

    @property
    def replicas(self) -> int:
        """The number of all replicas of the cluster, W x R."""
        return self.workers * self.replicas_per_worker


@dataclass(frozen=True)
class Task:
    """One process of a cluster, as TF_CONFIG names it."""

    type: str
    index: int


def tasks(workers: int, servers: int = 0) -> tuple[Task, ...]:
    """The tasks of a cluster: its workers; with parameter servers, also a chief and the servers."""
    chief = (Task("chief", 0),) * bool(servers)
    return (
        *chief,
        *(Task("worker", index) for index in range(workers)),
        *(Task("ps", index) for index in range(servers)),
    )


def tf_config(all_tasks: Sequence[Task], addresses: Sequence[str], mine: Task) -> str:
    """The TF_CONFIG of one task; `addresses` has the `host:port` of all tasks, in their order."""
    return _tf_config(_cluster(all_tasks, addresses), mine)


def tf_configs(all_tasks: Sequence[Task], addresses: Sequence[str]) -> list[str]:
    """The TF_CONFIG of each task, in their order.

    All of them share the part that names the cluster, which is encoded only once.
    """
    cluster = _cluster(all_tasks, addresses)
    return [_tf_config(cluster, mine) for mine in all_tasks]


def _cluster(all_tasks: Sequence[Task], addresses: Sequence[str]) -> str:
    cluster: dict[str, list[str]] = {}
    for task, address in zip(all_tasks, addresses, strict=True):
        cluster.setdefault(task.type, []).append(address)
    return json.dumps(cluster)


def _tf_config(cluster: str, mine: Task) -> str:
    task = json.dumps({"type": mine.type, "index": mine.index})
    return f'{{"cluster": {cluster}, "task": {task}}}'
