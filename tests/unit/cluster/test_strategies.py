"""Strategies by name, and the deployments that a command asks for."""

from __future__ import annotations

import pytest

from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS, STRATEGIES, Deployment, deployments
from testbed.errors import UsageError
from tests.unit.builders import DEFAULT, MIRRORED_2, ONE_DEVICE, WORKERS_2X1, WORKERS_2X2


def written(chosen: list[Deployment]) -> list[str]:
    return [str(deployment) for deployment in chosen]


@pytest.mark.parametrize(
    ("deployment", "text"),
    [
        (DEFAULT, "default"),
        (ONE_DEVICE, "one_device"),
        (MIRRORED_2, "mirrored-2"),
        (Deployment("mirrored", Cluster(1, 1)), "mirrored-1"),
        (Deployment("multi_worker_mirrored", Cluster(3, 2)), "multi_worker_mirrored-3x2"),
    ],
)
def test_deployment_is_written_with_the_numbers_it_takes(deployment: Deployment, text: str) -> None:
    """A deployment shows its workers and replicas only where its strategy takes them."""
    assert str(deployment) == text


def test_without_names_and_numbers_the_defaults_are_meant() -> None:
    """A command that names nothing gets every default deployment, in one order."""
    assert deployments(None, None, None) == list(DEFAULT_DEPLOYMENTS)
    assert (
        DEFAULT,
        ONE_DEVICE,
        MIRRORED_2,
        WORKERS_2X1,
        WORKERS_2X2,
        Deployment("central_storage", Cluster(1, 2)),
        Deployment("parameter_server", Cluster(2)),
    ) == DEFAULT_DEPLOYMENTS


def test_default_deployments_have_distinct_names() -> None:
    """Case ids end in the deployment, so no two defaults are written alike."""
    assert len(set(written(list(DEFAULT_DEPLOYMENTS)))) == len(DEFAULT_DEPLOYMENTS)


def test_a_name_keeps_its_defaults_only() -> None:
    """A named strategy runs on each of its own default clusters."""
    assert deployments(["multi_worker_mirrored"], None, None) == [WORKERS_2X1, WORKERS_2X2]


@pytest.mark.parametrize(
    ("names", "workers", "replicas", "expected"),
    [
        (
            None,
            3,
            None,
            [
                "default",
                "one_device",
                "mirrored-2",
                "multi_worker_mirrored-3x1",
                "central_storage-2",
                "parameter_server-3",
            ],
        ),
        (
            None,
            None,
            4,
            [
                "default",
                "one_device",
                "mirrored-4",
                "multi_worker_mirrored-2x4",
                "central_storage-4",
                "parameter_server-2",
            ],
        ),
        (["parameter_server"], 4, None, ["parameter_server-4"]),
        (["mirrored"], None, 4, ["mirrored-4"]),
        (["mirrored"], 1, 4, ["mirrored-4"]),
        (["one_device"], 1, 1, ["one_device"]),
        (["multi_worker_mirrored"], 4, None, ["multi_worker_mirrored-4x1"]),
        (["multi_worker_mirrored"], 1, 2, ["multi_worker_mirrored-1x2"]),
        (["one_device", "mirrored"], None, 1, ["one_device", "mirrored-1"]),
        (
            ["multi_worker_mirrored", "mirrored"],
            None,
            3,
            ["mirrored-3", "multi_worker_mirrored-2x3"],
        ),
    ],
)
def test_numbers_go_to_the_strategies_that_take_them(
    names: list[str] | None, workers: int | None, replicas: int | None, expected: list[str]
) -> None:
    """A number of workers or replicas changes the deployments that can take it."""
    assert written(deployments(names, workers, replicas)) == expected


@pytest.mark.parametrize(
    ("names", "workers", "replicas", "message"),
    [
        (["mirrored"], 2, None, "--workers 2: mirrored runs in one process"),
        (["default"], 2, None, "--workers 2: default runs in one process"),
        (["one_device"], None, 2, "--replicas 2: one_device has one replica"),
        (["mirrored", "multi_worker_mirrored"], 2, None, "--workers 2: mirrored"),
        (None, 0, None, "--workers 0: at least 1"),
        (None, None, -3, "--replicas -3: at least 1"),
        (["mirrored"], None, 0, "--replicas 0: at least 1"),
    ],
)
def test_a_number_that_does_not_fit_is_a_mistake(
    names: list[str] | None, workers: int | None, replicas: int | None, message: str
) -> None:
    """A number that a named strategy cannot take is refused with the option and the number."""
    with pytest.raises(UsageError) as problem:
        deployments(names, workers, replicas)
    assert message in str(problem.value)


def test_an_unknown_strategy_is_told_with_all_that_are_valid() -> None:
    """A misspelt strategy is named, and every valid one is listed."""
    with pytest.raises(UsageError) as problem:
        deployments(["mirrored", "mirored"], None, None)
    assert "unknown strategy 'mirored'" in str(problem.value)
    assert all(name in str(problem.value) for name in STRATEGIES)
