"""Decides whether the workers of a program have different hash seeds, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from testbed.check.hashing.own_modules import own_modules
from testbed.check.hashing.set_order import line_of_ordered_set
from testbed.check.observations.source_line import SourceLine
from testbed.orders.own_code import Program
from testbed.run.user_code.own_code import OwnCodeCluster


def with_hash_seeds(
    cluster: OwnCodeCluster, program: Program
) -> tuple[OwnCodeCluster, SourceLine | None]:
    """The cluster for a program, and the line for which worker 1 has another hash seed.

    Separate processes have different hash seeds, and so another order of the texts in a set. Forks
    of one server have the same. Another interpreter takes as long as an import of TensorFlow, so
    only a program that uses the order of a set gets it, for one worker.

    Args:
        cluster: that runs the program.
        program: the program.
    """
    several = cluster.deployment.cluster.workers > 1 and len(cluster.server.sources) == 1
    chosen = cluster.server.environment.get("PYTHONHASHSEED", "random") != "random"
    if cluster.fresh or chosen or not several:
        return cluster, None
    line = line_of_ordered_set(own_modules(program))
    return replace(cluster, other_hash_seed=line is not None), line


def sentence_about(line: SourceLine | None) -> str:
    """Why worker 1 had another hash seed; empty without a line."""
    if line is None:
        return ""
    place = f"{Path(line.file).name}:{line.line}"
    return (
        f"worker 1 had another hash seed than the others, because {place} uses the order of a set"
    )
