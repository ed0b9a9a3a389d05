"""Clusters and the TF_CONFIG of their workers."""

from __future__ import annotations

import json

import pytest

from testbed.cluster import Cluster, tf_config


@pytest.mark.parametrize(
    ("cluster", "replicas"),
    [(Cluster(), 1), (Cluster(1, 2), 2), (Cluster(2, 1), 2), (Cluster(2, 3), 6)],
)
def test_replicas_are_workers_times_replicas_of_each(cluster: Cluster, replicas: int) -> None:
    """A cluster has W x R replicas."""
    assert cluster.replicas == replicas


def test_tf_config_names_every_worker_and_which_one_this_is() -> None:
    """TF_CONFIG lists one loopback address for each port, and the index of its worker."""
    assert json.loads(tf_config([2222, 3333], 1)) == {
        "cluster": {"worker": ["127.0.0.1:2222", "127.0.0.1:3333"]},
        "task": {"type": "worker", "index": 1},
    }
