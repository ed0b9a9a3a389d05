"""The engines that tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.slurm_cluster import SlurmCluster, missing, slurm_cluster


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    if why := missing():
        pytest.skip(f"no Slurm: {why}")
    pytest.importorskip("submitit")
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster
