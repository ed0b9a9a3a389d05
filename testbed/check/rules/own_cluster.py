"""Rule about a cluster that the program describes too late."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.observations.seen import ConfigWrite, WorkerObservations
from testbed.verdict.program_notes import MALFORMED, Membership

_STRATEGY = "MultiWorkerMirroredStrategy"


def late(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find lines that describe a cluster after the strategy that was to join it.

    A program may set TF_CONFIG for programs that it starts, or when it has trained.
    """
    for each in seen:
        for write in each.late:
            described = _decoded(write)
            trains = _STRATEGY in each.strategies and each.steps > write.step
            if described is None or write.for_others or not trains:
                continue
            evidence = (
                f"TF_CONFIG is set to {described} after {_STRATEGY} was made, and the program"
                " continues to train on the cluster that was known before"
            )
            yield Finding("TB406", write.place, evidence, write.made)
        if each.late:
            return


def _decoded(write: ConfigWrite) -> Membership | None:
    """The cluster of several tasks that a write describes, and that the strategy did not join."""
    with contextlib.suppress(*MALFORMED):
        described = Membership.of_json(json.loads(write.value))
        if described is not None and described.size > 1:
            return described if described != Membership.of_json(write.joined) else None
    return None
