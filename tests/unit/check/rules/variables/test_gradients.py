"""Gradients that each replica clips before they are summed."""

from __future__ import annotations

from testbed.check.rules.variables.gradients import clipped
from tests.unit.check.builders import mirrored, seen_of, told


def test_an_optimizer_that_clips_in_every_replica() -> None:
    """The finding is where the optimizer is made, with the replicas of all workers."""
    worker = seen_of(mirrored(name="sgd/iteration", line=9, clips="clipnorm=0.5"))
    evidence = "each of 4 replicas clips its gradients (clipnorm=0.5), and then they are summed"
    assert told(clipped([worker, worker])) == [("TB606", 9, evidence)]
    assert told(clipped([seen_of(mirrored())])) == []
