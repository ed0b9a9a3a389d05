"""Rule about gradients that each replica clips before they are summed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.observations.seen import WorkerObservations


def clipped(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find optimizers of Keras 3 that clip in every replica."""
    replicas = len(seen) * seen[0].replicas
    for birth in seen[0].births:
        if birth.clips:
            evidence = (
                f"each of {replicas} replicas clips its gradients ({birth.clips}), and then they"
                " are summed"
            )
            yield Finding("TB606", birth.place, evidence)
