"""What bounds a program, from the times of its variants."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.bench.slow.bounds import BOUNDS
from testbed.bench.slow.parts import parts_of
from testbed.bench.slow.samples import Sample, smaller, typical
from testbed.check.observations.source_line import SourceLine
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import MIRRORED, MULTI_WORKER_MIRRORED, Deployment
from testbed.orders.timed import MEMORY, WHOLE, Profile, Reduction
from tests.unit.bench.slow.runs import MS, STEP, Times, report_of, step_of, transformation


def test_a_program_that_scales_has_no_cause() -> None:
    """1.8 times as fast on 2 replicas is as it should be."""
    first, *further = Times().causes()
    assert first.bound_by == "none"
    assert first.evidence == "1.80 times as fast on 2 replicas as on one"
    assert not first.cure
    # A fifth of the step does not grow with the rows, which is said, but not first.
    assert [each.bound_by for each in further] == ["batch_not_scaled"]


def test_scaling_by_luck_is_not_enough() -> None:
    """A speed-up that only some rounds show is not called good."""
    first = Times(noise=(1.0,) * 5, disturbed=2).causes()[0]
    assert first.bound_by != "none"


def test_input() -> None:
    """The step is faster with its batches in memory; the first serial map is the line."""
    pipeline = (transformation("map", 7), transformation("batch", 8))
    like = replace(report_of(step_of(1.0)), pipeline=pipeline)
    first = Times(one=20 * MS, whole=20 * MS, like=like).causes()[0]
    assert (first.bound_by, first.place) == ("input", SourceLine("train.py", 7, "train"))
    assert first.share == pytest.approx(0.75)
    assert first.cure == "map(..., num_parallel_calls=tf.data.AUTOTUNE)"
    assert "a step of 20.0 ms takes 5.00 ms with its batches in memory" in first.evidence
    assert "the input gives 3,200 rows a second, a step could take 12,800" in first.evidence


def test_batch_that_does_not_grow() -> None:
    """A fixed part that larger batches would outweigh is cured by larger batches."""
    first = Times(
        one=20 * MS, whole=13 * MS, memory=13 * MS, local=12.8 * MS, larger=27 * MS
    ).causes()[0]
    assert first.bound_by == "batch_not_scaled"
    assert "each replica gets 32 of the 64 rows that one had" in first.evidence
    assert "2 replicas should then be 2.0 times as fast as one" in first.cure


def test_step_that_is_too_small() -> None:
    """Where larger batches would not help, a step does too little for its overhead."""
    first = Times(one=1 * MS, whole=2 * MS, memory=2 * MS, local=1.9 * MS, larger=2.1 * MS).causes()
    assert first[0].bound_by == "host"
    assert "steps_per_execution" in first[0].cure


def test_python_between_the_steps() -> None:
    """Time between the calls of a step is named, and the step not blamed."""
    first = Times(
        one=12 * MS,
        whole=12 * MS,
        memory=12 * MS,
        local=12 * MS,
        larger=13 * MS,
        parts={"called": 2 * MS},
    ).causes()[0]
    assert first.bound_by == "host"
    assert first.evidence == "Python takes 10.0 ms of 12.0 ms a step between its calls"


def test_eager() -> None:
    """strategy.run outside of a tf.function is the cause, and so are its reductions' calls."""
    like = replace(report_of(step_of(1.0)), is_eager=True)
    first = Times(
        one=20 * MS, whole=40 * MS, memory=40 * MS, local=20 * MS, larger=41 * MS, like=like
    ).causes()
    assert [each.bound_by for each in first] == ["eager"]
    assert first[0].share == pytest.approx(1.0, abs=0.05)


def test_retracing() -> None:
    """Traces after the first steps are a cause at the line of the function."""
    place = SourceLine("train.py", 11, "step")
    like = replace(report_of(step_of(1.0)), traced=place)
    first = Times(
        one=30 * MS,
        whole=50 * MS,
        memory=10 * MS,
        local=10 * MS,
        larger=10 * MS,
        parts={"traced": 40 * MS},
        like=like,
    ).causes()[0]
    assert (first.bound_by, first.place) == ("retracing", place)
    assert first.share == pytest.approx(0.8)


def test_fetch() -> None:
    """Values that Python copies in each step are a cause at their line."""
    place = SourceLine("train.py", 25, "train")
    like = replace(report_of(step_of(1.0)), fetches=(place,))
    first = Times(
        one=10 * MS,
        whole=12 * MS,
        memory=12 * MS,
        local=12 * MS,
        larger=14 * MS,
        parts={"called": 2 * MS, "fetched": 10 * MS},
        like=like,
    ).causes()[0]
    assert (first.bound_by, first.place) == ("fetch", place)


def test_communication_names_the_largest_variable() -> None:
    """A variable with most of the bytes is named, with a cure that fits it."""
    reductions = (Reduction(2**20, "embedding"), Reduction(1000, "head"))
    like = replace(report_of(step_of(1.0)), reductions=reductions)
    first = Times(
        one=10 * MS, whole=50 * MS, memory=50 * MS, local=6 * MS, larger=58 * MS, like=like
    ).causes()[0]
    assert first.bound_by == "communication"
    assert "1 MiB of them for embedding" in first.evidence
    assert "make embedding smaller" in first.cure


def test_uneven_replicas() -> None:
    """Replicas of one worker are compared by their busy time in the profile."""
    first = Times(
        one=20 * MS,
        whole=16 * MS,
        memory=16 * MS,
        local=16 * MS,
        larger=44 * MS,
        busy=(15 * MS, 5 * MS),
    ).causes()[0]
    assert first.bound_by == "uneven"
    assert "the slowest replica works 3.00 times as long as the fastest one" in first.evidence


def test_uneven_workers() -> None:
    """Workers are compared by their steps without communication."""
    first = Times(
        one=10 * MS,
        whole=40 * MS,
        memory=40 * MS,
        local=10 * MS,
        larger=48 * MS,
        workers=(4.0, 1.0),
    ).causes()[0]
    assert first.bound_by == "uneven"
    assert "the slowest worker works 4.00 times as long" in first.evidence


def test_busy_replicas_of_a_fast_step_are_not_uneven() -> None:
    """A difference that is a small part of a step is no cause."""
    causes = Times(one=20 * MS, whole=20 * MS, busy=(1.5 * MS, 0.5 * MS)).causes()
    assert "uneven" not in {each.bound_by for each in causes}


def test_a_replica_is_slow_only_if_it_is_slow_each_time() -> None:
    """Where the two profiles disagree, other programs took a core."""
    samples = Times(busy=(9 * MS, 2 * MS)).samples()
    profile = samples.profiles[MEMORY]
    assert parts_of(samples).uneven.low > 0.5
    report = replace(profile.reports[0], profile=Profile((2 * MS, 3 * MS), ()))
    both = replace(samples, profiles={MEMORY: profile, WHOLE: Sample((report,))})
    assert parts_of(both).uneven.low == 0


@pytest.mark.parametrize(
    ("cores", "machine", "cure"), [(1.9, 0.0, "more cores"), (1.0, 1.9, "end the other programs")]
)
def test_a_full_machine_is_no_cause(cores: float, machine: float, cure: str) -> None:
    """One replica, or other programs, keep the cores busy: nothing is to be changed."""
    first = Times(
        one=10 * MS,
        whole=10 * MS,
        memory=10 * MS,
        local=9.9 * MS,
        larger=30 * MS,
        worked_of_one=cores,
        machine=machine,
    ).causes()[0]
    assert first.bound_by == "none"
    assert "can gain little" in first.evidence
    assert cure in first.cure


def test_a_small_part_is_no_cause_on_a_full_machine() -> None:
    """Only what takes half of a step is named where replicas wait for cores."""
    times = Times(
        one=10 * MS, whole=9 * MS, memory=9 * MS, local=9 * MS, larger=21 * MS, worked_of_one=1.9
    )
    assert [each.bound_by for each in times.causes()] == ["none"]
    free = replace(times, worked_of_one=0.9)
    assert [each.bound_by for each in free.causes()] == ["host"]


def test_nothing_explains_it() -> None:
    """What no part explains is said to be unclear."""
    first = Times(
        one=10 * MS, whole=10 * MS, memory=10 * MS, local=9.9 * MS, larger=30 * MS
    ).causes()
    assert [each.bound_by for each in first] == ["unclear"]
    assert "no part of a step explains it" in first[0].evidence


def test_a_variant_that_failed_leaves_its_part_unknown() -> None:
    """Without a run with more rows, the fixed part is not guessed."""
    samples = Times(larger=None, memory=None).samples()
    parts = parts_of(samples)
    assert parts.fixed is None
    assert parts.input is None
    assert parts.communication is not None


def test_a_call_of_several_steps() -> None:
    """All times are those of one step, and the cure does not ask for what is done already."""
    steps = [step_of(10 * MS, waited=4 * MS, traced=1 * MS)] * 8
    step = typical(replace(report_of(*steps), steps_of_a_call=5.0))
    assert (step.period, step.waited, step.traced) == pytest.approx((2 * MS, 0.8 * MS, 0.2 * MS))
    several = replace(report_of(step_of(1.0)), steps_of_a_call=5.0)
    fixed = Times(one=50 * MS, whole=95 * MS, memory=95 * MS, local=94 * MS, larger=98 * MS)
    (first, *_) = replace(fixed, rows_of_one=32, like=several).causes()
    assert (first.bound_by, first.cure) == (
        "host",
        "more work a call: much larger batches, or more than 5 steps in a call",
    )
    (first, *_) = replace(fixed, rows_of_one=32).causes()
    assert "steps_per_execution" in first.cure


def test_steps_that_alternate_have_a_steady_time() -> None:
    """A step that waits for a batch, and one that finds it, count by their mean."""
    steps = [step_of(period * MS) for period in (20, 2) * 16]
    assert typical(report_of(*steps)).period == pytest.approx(11 * MS, rel=0.2)
    # A single long step changes little.
    late = [*steps[:7], step_of(500 * MS), *steps[8:]]
    assert typical(report_of(*late)).period == pytest.approx(11 * MS, rel=0.2)


def test_deployments_that_are_compared() -> None:
    """Replicas double; workers are divided before the replicas of each."""
    found = smaller(Deployment(MIRRORED, Cluster(1, 6)))
    assert [each.cluster.replicas for each in found] == [1, 2, 4, 6]
    found = smaller(Deployment(MULTI_WORKER_MIRRORED, Cluster(2, 2)))
    assert [(each.cluster.workers, each.cluster.replicas_per_worker) for each in found] == [
        (1, 1),
        (1, 2),
        (2, 2),
    ]


def test_every_cause_is_in_the_closed_list() -> None:
    """`none` has no line. A cause that knows no better line has that of the step."""
    first, further = Times().causes()
    assert {first.bound_by, further.bound_by} <= set(BOUNDS)
    assert first.place is None
    assert further.place == STEP
