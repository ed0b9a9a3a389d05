"""Creation order: several variables made in a loop over names, and looked up by name later."""

from collections.abc import Iterable

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

START = {
    "alpha": 1.0,
    "beta": 2.0,
    "gamma": 3.0,
    "delta": 4.0,
    "epsilon": 5.0,
    "zeta": 6.0,
    "eta": 7.0,
    "theta": 8.0,
}


def create(names: Iterable[str]) -> dict[str, tf.Variable]:
    return {name: tf.Variable(START[name]) for name in names}


# The first value that worker 0 broadcasts goes to the first variable that worker 1 makes, whatever
# either of them is called. A set of strings has another order in every process.
@scenario(
    sites=("outside_scope", "in_scope"),
    modes=("eager",),
    strategies=("mirrored", "multi_worker_mirrored"),
    fresh=True,
)
@breaks(
    "workers_diverge",
    site="in_scope",
    when=lambda case: case.workers > 1,
    cure="make variables in one order on all workers: for name in sorted(names)",
)
def from_a_set(bed: Bed) -> None:
    """Variables made in a loop over a set of names hold the values that they were given."""
    variables = bed.make(create, set(START))
    bed.claim([float(variables[name].numpy()) for name in START], value=list(START.values()))


@scenario(
    sites=("in_scope",),
    modes=("eager",),
    strategies=("mirrored", "multi_worker_mirrored"),
    fresh=True,
)
def from_a_sorted_set(bed: Bed) -> None:
    """Variables made in the sorted order of their names hold the values that they were given."""
    variables = bed.make(create, sorted(set(START)))
    bed.claim([float(variables[name].numpy()) for name in START], value=list(START.values()))


if __name__ == "__main__":
    run_script()
