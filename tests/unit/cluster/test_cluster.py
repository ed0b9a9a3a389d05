"""Clusters and the TF_CONFIG of their workers."""

from __future__ import annotations

import json

import pytest

from testbed.cluster.cluster import Cluster, Task, tasks, tf_config


@pytest.mark.parametrize(
    ("cluster", "replicas"),
    [(Cluster(), 1), (Cluster(1, 2), 2), (Cluster(2, 1), 2), (Cluster(2, 3), 6)],
)
def test_replicas_are_workers_times_replicas_of_each(cluster: Cluster, replicas: int) -> None:
    """A cluster has W x R replicas."""
    assert cluster.replicas == replicas


def test_tf_config_names_every_worker_and_which_one_this_is() -> None:
    """TF_CONFIG lists the address of every worker, and the index of its worker."""
    assert json.loads(tf_config(tasks(2), ["a:2222", "b:3333"], Task("worker", 1))) == {
        "cluster": {"worker": ["a:2222", "b:3333"]},
        "task": {"type": "worker", "index": 1},
    }


def test_parameter_servers_come_with_a_chief() -> None:
    """A cluster with servers has a chief first and its servers last, each with its own address."""
    with_server = tasks(2, servers=1)
    assert [task.type for task in with_server] == ["chief", "worker", "worker", "ps"]
    config = json.loads(tf_config(with_server, ["a:1", "a:2", "a:3", "a:4"], with_server[3]))
    assert config["cluster"]["worker"] == ["a:2", "a:3"]
    assert config["cluster"]["ps"] == ["a:4"]
    assert config["task"] == {"type": "ps", "index": 0}
