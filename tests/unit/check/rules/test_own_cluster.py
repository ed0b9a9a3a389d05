"""A cluster that is described when its strategy exists already."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from testbed.check.observations.seen import ConfigWrite, WorkerObservations
from testbed.check.rules.own_cluster import late
from tests.unit.check.builders import at, seen_of, told


def config(index: int, *addresses: str) -> dict[str, Any]:
    return {"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": index}}


WRITE = ConfigWrite(at(5), json.dumps(config(0, "x", "y")), 1, config(0, "a", "b"), at(3))


def worker(write: ConfigWrite, **more: Any) -> WorkerObservations:
    return seen_of(**{"strategies": ("MultiWorkerMirroredStrategy",), "late": (write,), **more})


def test_steps_that_follow_are_those_of_another_cluster() -> None:
    """It is told once for all workers, at the line of the write, with the strategy's line."""
    (finding,) = late([worker(WRITE), worker(WRITE)])
    assert told([finding])[0][:2] == ("TB406", 5)
    assert finding.evidence.startswith("TF_CONFIG is set to worker 0 of x, y after")
    assert finding.use == at(3)


@pytest.mark.parametrize(
    "right",
    [
        worker(replace(WRITE, for_others=True)),
        worker(replace(WRITE, step=3)),
        worker(WRITE, strategies=("MirroredStrategy",)),
        worker(replace(WRITE, value=json.dumps(config(0, "a", "b")))),
        worker(replace(WRITE, value=json.dumps(config(0, "x")))),
        worker(replace(WRITE, value="")),
        worker(replace(WRITE, value='{"cluster": 3}')),
    ],
    ids=["for others", "at the end", "mirrored", "the same", "one task", "empty", "no cluster"],
)
def test_writes_that_are_right(right: WorkerObservations) -> None:
    """What is meant for others, comes after the last step, or describes no other cluster."""
    assert told(late([right])) == []
