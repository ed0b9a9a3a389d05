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


def tf_config(ports: Sequence[int], index: int) -> str:
    """The TF_CONFIG of the worker `index` in a cluster of loopback workers, one per port."""
    return json.dumps(
        {
            "cluster": {"worker": [f"127.0.0.1:{port}" for port in ports]},
            "task": {"type": "worker", "index": index},
        }
    )
