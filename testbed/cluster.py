"""A cluster: how many workers, with how many replicas each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cluster:
    """W workers (processes) with R replicas (devices) each."""

    workers: int = 1
    replicas_per_worker: int = 1

    @property
    def replicas(self) -> int:
        """All replicas of the cluster, W x R."""
        return self.workers * self.replicas_per_worker


@dataclass(frozen=True)
class Task:
    """One process of a cluster, as TF_CONFIG names it."""

    type: str
    index: int


def tasks(workers: int, servers: int = 0) -> tuple[Task, ...]:
    """The tasks of a cluster: its workers, or, with parameter servers, a chief before them all."""
    chief = (Task("chief", 0),) * bool(servers)
    return (
        *chief,
        *(Task("worker", index) for index in range(workers)),
        *(Task("ps", index) for index in range(servers)),
    )


def tf_config(all_tasks: Sequence[Task], addresses: Sequence[str], mine: Task) -> str:
    """The TF_CONFIG of one task of a cluster; the addresses, `host:port`, are of all tasks."""
    cluster: dict[str, list[str]] = {}
    for task, address in zip(all_tasks, addresses, strict=True):
        cluster.setdefault(task.type, []).append(address)
    return json.dumps({"cluster": cluster, "task": {"type": mine.type, "index": mine.index}})
