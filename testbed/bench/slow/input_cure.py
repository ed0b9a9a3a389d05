"""Says which line of a tf.data pipeline to change first, and how."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.check.observations.source_line import SourceLine
from testbed.orders.timed import PipelinePart

_PER_ELEMENT = ("map", "interleave", "flat_map", "filter")
_SHARD = (
    "; shard the dataset before it, or read at least as many files as there are workers: otherwise"
    " each worker prepares the rows of all"
)


def slowest(pipeline: Sequence[PipelinePart], workers: int) -> tuple[SourceLine | None, str]:
    """The line to change first, and how; None for a pipeline that is not known.

    Args:
        pipeline: the transformations, in the order in which the program calls them.
        workers: how many workers read the input.
    """
    named = {each.name: each for each in reversed(pipeline)}
    shard = _SHARD if workers > 1 and "shard" not in named else ""
    if generator := named.get("from_generator"):
        return generator.place, (
            "a Python generator gives one row at a time, in one thread: read with tf.data, or let"
            f" it give whole batches{shard}"
        )
    for each in pipeline:
        if each.name in ("map", "interleave") and not each.is_parallel:
            return each.place, f"{each.name}(..., num_parallel_calls=tf.data.AUTOTUNE){shard}"
    last = pipeline[-1] if pipeline else None
    if "cache" not in named and any(each.name in _PER_ELEMENT for each in pipeline):
        first = next(each for each in pipeline if each.name in _PER_ELEMENT)
        return first.place, f"cache() after it, if the result fits in memory{shard}"
    if "prefetch" not in named and workers == 1:
        return last.place if last else None, "prefetch(tf.data.AUTOTUNE) at the end"
    return last.place if last else None, (
        "do less for each row, read files in parallel (interleave), or prepare the data once"
    )
