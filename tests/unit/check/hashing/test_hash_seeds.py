"""Which clusters get a worker with another hash seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from testbed.check.hashing.hash_seeds import sentence_about, with_hash_seeds
from testbed.cluster.cluster import Cluster
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import MULTI_WORKER_MIRRORED, Deployment
from testbed.launcher.run_folder import CaseFolder
from testbed.orders.own_code import Program
from testbed.run.user_code.own_code import OwnCodeCluster


def cluster_of(
    workers: int = 2, hosts: int = 1, environment: dict[str, str] | None = None
) -> OwnCodeCluster:
    server: Any = SimpleNamespace(sources=[None] * hosts, environment=environment or {})
    deployment = Deployment(MULTI_WORKER_MIRRORED, Cluster(workers, 1))
    folder = CaseFolder(Path("unused"))
    return OwnCodeCluster(server, deployment, Devices(), folder, fresh=False, output=None)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A program that uses the order of a set."""
    file = tmp_path / "train.py"
    file.write_text("words = 'a b'.split()\nlabels = list(set(words))\n")
    return Program(str(file))


@pytest.mark.parametrize("environment", [{}, {"PYTHONHASHSEED": "random"}])
def test_a_program_that_orders_a_set(program: Program, environment: dict[str, str]) -> None:
    """Worker 1 gets another seed, and the sentence names the line."""
    cluster, line = with_hash_seeds(cluster_of(environment=environment), program)
    assert cluster.other_hash_seed
    sentence = "worker 1 had another hash seed than the others, because train.py:2"
    assert sentence_about(line) == f"{sentence} uses the order of a set"


@pytest.mark.parametrize(
    "cluster",
    [
        cluster_of(workers=1),
        cluster_of(hosts=2),
        cluster_of(environment={"PYTHONHASHSEED": "0"}),
        replace(cluster_of(), fresh=True),
    ],
    ids=["one worker", "two hosts", "chosen seed", "fresh workers"],
)
def test_clusters_that_stay_as_they_are(program: Program, cluster: OwnCodeCluster) -> None:
    """Seeds differ anyway, are the user's choice, or there is nothing to compare."""
    assert with_hash_seeds(cluster, program) == (cluster, None)
    assert sentence_about(None) == ""


def test_a_program_without_such_a_set(tmp_path: Path) -> None:
    """It costs nothing more."""
    file = tmp_path / "train.py"
    file.write_text("labels = sorted(set(words))\n")
    assert not with_hash_seeds(cluster_of(), Program(str(file)))[0].other_hash_seed
