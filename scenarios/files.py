"""A file that several workers use: one or all write it, and all read it."""

from pathlib import Path

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"
NETWORK = ("multi_worker_mirrored",)


def wait_for_all(bed: Bed) -> None:
    """Run a collective, which no worker leaves before all have come."""
    one = bed.strategy.run(lambda: tf.constant(1.0))
    bed.strategy.reduce("SUM", one, axis=None)


def read(path: Path) -> float:
    """The number in the file; 0 while there is none, as for a program that starts anew."""
    try:
        return float(path.read_text() or 0)
    except FileNotFoundError:
        return 0.0


def wait_for_readers(bed: Bed) -> None:
    """Let the chief be slow: all others have read by then."""
    while len(list(bed.folder.glob("has-read-*"))) < bed.case.workers - 1:
        pass


@scenario(sites=("outside_scope",), modes=("eager",), strategies=NETWORK)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="put the number of the worker into the name (see written_by_each)",
)
def written_by_all(bed: Bed) -> None:
    """All workers can write one file: each finds there what it has written."""
    path = bed.folder / "worker"
    path.write_text(f"{bed.worker:03}")
    wait_for_all(bed)
    bed.claim(float(path.read_text() == f"{bed.worker:03}"), value=1.0)


@scenario(sites=("outside_scope",), modes=("eager",), strategies=NETWORK)
def written_by_each(bed: Bed) -> None:
    """A worker finds what it has written in a file with its number in the name."""
    path = bed.folder / f"worker-{bed.worker}"
    path.write_text(f"{bed.worker:03}")
    wait_for_all(bed)
    bed.claim(float(path.read_text() == f"{bed.worker:03}"), value=1.0)


@scenario(sites=("outside_scope",), modes=("eager",), strategies=NETWORK)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="run a collective between the writing and the reading (see read_after_collective)",
)
def read_before_written(bed: Bed) -> None:
    """All workers read what the chief writes, however long it takes."""
    path = bed.folder / "mean"
    if bed.worker == 0:
        wait_for_readers(bed)
        path.write_text("7.0")
    mean = read(path)
    (bed.folder / f"has-read-{bed.worker}").touch()
    bed.claim(mean, value=7.0)


@scenario(sites=("outside_scope",), modes=("eager",), strategies=NETWORK)
def read_after_collective(bed: Bed) -> None:
    """All workers read what the chief has written before a collective."""
    path = bed.folder / "mean"
    if bed.worker == 0:
        path.write_text("7.0")
    wait_for_all(bed)
    bed.claim(read(path), value=7.0)


if __name__ == "__main__":
    run_script()
