"""The line of an input to change first, and how."""

from __future__ import annotations

from testbed.bench.slow.input_cure import slowest
from tests.unit.bench.slow.runs import transformation


def test_a_generator_comes_first() -> None:
    """It reads in one Python thread, whatever follows."""
    place, cure = slowest([transformation("from_generator", 3), transformation("map", 4)], 1)
    assert place
    assert place.line == 3
    assert "Python generator" in cure


def test_the_first_serial_map() -> None:
    """A map that is parallel already is passed over."""
    pipeline = [
        transformation("map", 3, is_parallel=True),
        transformation("map", 5),
        transformation("batch", 6),
    ]
    place, cure = slowest(pipeline, 1)
    assert place
    assert place.line == 5
    assert cure == "map(..., num_parallel_calls=tf.data.AUTOTUNE)"


def test_what_is_parallel_may_be_cached() -> None:
    """The result of the first transformation of each row is kept."""
    pipeline = [transformation("map", 3, is_parallel=True), transformation("batch", 6)]
    place, cure = slowest(pipeline, 1)
    assert place
    assert place.line == 3
    assert cure.startswith("cache()")


def test_what_is_cached_may_be_prefetched() -> None:
    """Without a prefetch the last line is the place for one."""
    pipeline = [
        transformation("map", 3, is_parallel=True),
        transformation("cache", 4),
        transformation("batch", 5),
    ]
    place, cure = slowest(pipeline, 1)
    assert place
    assert place.line == 5
    assert cure.startswith("prefetch")
    _, cure = slowest([*pipeline, transformation("prefetch", 6)], 1)
    assert "do less for each row" in cure


def test_workers_without_a_shard_prepare_the_rows_of_all() -> None:
    """A shard before the map lets each worker prepare only its own."""
    serial = transformation("map", 5)
    assert "each worker prepares the rows of all" in slowest([serial], 2)[1]
    assert "each worker" not in slowest([transformation("shard", 4), serial], 2)[1]
    assert "each worker" not in slowest([serial], 1)[1]


def test_an_unknown_pipeline() -> None:
    """A library may build the input."""
    place, cure = slowest([], 1)
    assert place is None
    assert cure
