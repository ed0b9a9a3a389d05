"""What was seen of small programs, made by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from testbed.check.finding import Finding
from testbed.check.observations.blind_spot import BlindSpot
from testbed.check.observations.file_use import FileMoment, FileUse
from testbed.check.observations.reuse import NotReused
from testbed.check.observations.rows import DataRows
from testbed.check.observations.seen import (
    Access,
    Collective,
    ConfigWrite,
    Crossed,
    Draw,
    Frozen,
    Given,
    NoGradient,
    ProgramError,
    Sharded,
    Shuffle,
    SourceLine,
    StateChange,
    Stored,
    Taken,
    Truth,
    Unused,
    VariableCreated,
    WorkerObservations,
)
from testbed.check.observations.traces import Leak, Mixed, Retraced
from testbed.check.observations.vocabulary import Vocabulary
from testbed.check.observations.watch_failure import WatchFailure

FILE = "train.py"

ADD = "AssignAddVariableOp"
SUBTRACT = "AssignSubVariableOp"
ASSIGN = "AssignVariableOp"
READ = "ReadVariableOp"
ADAM = "ResourceApplyAdam"

KERAS_METRIC = ("keras/src/backend/variables.py", "keras/src/metrics/reduction_metrics.py")
KERAS_SEED = ("keras/src/backend/variables.py", "keras/src/random/seed_generator.py")
KERAS_NORM = (
    "keras/src/backend/variables.py",
    "keras/src/layers/normalization/batch_normalization.py",
)


def at(line: int, function: str = "") -> SourceLine:
    return SourceLine(FILE, line, function)


def born(
    number: int = 0, name: str = "steps", line: int | None = 4, **more: Any
) -> VariableCreated:
    """A variable that was made outside of the scope."""
    place = more.pop("place", None if line is None else at(line))
    given = {"type": "ResourceVariable", "shape": (), "dtype": "float32", "copies": (0.0,), **more}
    return VariableCreated(number, f"{name}:0", place=place, **given)


def mirrored(
    number: int = 0, name: str = "best", line: int | None = 7, **more: Any
) -> VariableCreated:
    """A variable of the scope, with a copy on each of two replicas."""
    given = {
        "type": "MirroredVariable",
        "in_scope": True,
        "distributed": True,
        "synchronization": "AUTO",
        "aggregation": "NONE",
        "copies": (0.0, 0.0),
        **more,
    }
    return born(number, name, line, **given)


def access(
    operation: str,
    who: int | str,
    *,
    variable: int = 0,
    line: int | None = 15,
    **more: Any,
) -> Access:
    """By a replica, or by another one that is named."""
    replica = f"replica {who}" if isinstance(who, int) else who
    place = None if line is None else at(line)
    return Access(variable, more.pop("copy", 0), operation, replica, place, **more)


def by_both(operation: str, *, deltas: Sequence[Any] = (None, None), **more: Any) -> list[Access]:
    """Both replicas of a worker, from one line."""
    return [access(operation, who, delta=delta, **more) for who, delta in enumerate(deltas)]


def seen_of(
    *births: VariableCreated, accesses: Sequence[Access] = (), **more: Any
) -> WorkerObservations:
    """A worker of two replicas."""
    given = {"replicas": 2, "strategies": ("MirroredStrategy",), "steps": 3, **more}
    return WorkerObservations(births=births, accesses=tuple(accesses), **given)


def told(findings: Iterator[Finding] | Sequence[Finding]) -> list[tuple[str, int, str]]:
    """Code, line and evidence of each; line 0 where there is none."""
    return [(each.code, each.place.line if each.place else 0, each.evidence) for each in findings]


GIVEN = Given(
    function="step",
    place=at(26),
    replicas=2,
    calls=3,
    source=at(27),
    plain=("4 a", "4 b"),
    batches=("4 a",),
    elements=("e",),
    fed=True,
    asked=True,
    draws=True,
    own_draws=True,
    trains=True,
    summed=True,
    combined=("MEAN", "SUM"),
    uneven=(2, 1),
    averaged=at(28),
    empty=(1, 0),
    not_a_number="'w'",
)

DRAW = Draw(at(30), at(26), 1, "seeded", ("(1, 7)",), (4, None), (4,))


COLLECTIVE = Collective("CollectiveReduceV2", "(3,)", "float32", at(24), (at(1), at(2)), 3)


LOOKED_AT = Access(
    6, 0, READ, "outside", None, apart=(1.0, 2.0), foreign=True, called="a.py:f", own=True
)


def full() -> WorkerObservations:
    """A worker in which every field holds something."""
    return WorkerObservations(
        worker=1,
        replicas=2,
        strategies=("MirroredStrategy",),
        steps=3,
        failed_steps=(2,),
        births=(
            VariableCreated(
                number=5,
                name="w:0",
                type="MirroredVariable",
                place=at(7, "build"),
                libraries=KERAS_NORM,
                in_scope=True,
                distributed=True,
                synchronization="ON_READ",
                aggregation="MEAN",
                shape=(2, None),
                dtype="float32",
                step=2,
                in_step=True,
                copies=([1.0, 2.5], [3.0, "nan"]),
                start=[1.0, 2.0],
                clips="clipnorm=1.0",
                looks=((1, (0.5, 0.25)), (2, ())),
            ),
            VariableCreated(6, "unknown:0", "ResourceVariable", None, shape=None),
        ),
        accesses=(
            Access(5, 1, ADD, "replica 1", at(15, "replica"), count=4, delta=[1.0, 2.0]),
            LOOKED_AT,
        ),
        changes=(StateChange("self.seen", "list", 0, 2, at(20)),),
        stored=(Stored("last", (1.0, [4.0]), 2, at(20), at(30), (0, 3)),),
        frozen=(Frozen("RATE", 0.1, 0.01, at(21), "train"),),
        retraced=(Retraced("train", 9, 8, "an argument", at(22)),),
        leaks=(Leak("last", "add:0", at(22)),),
        mixed=(Mixed("update", "a:0", "b:0", at(23)),),
        not_reused=(NotReused(5, 6, "reuse=True", 2),),
        collectives=(COLLECTIVE,),
        unused=(Unused("MirroredStrategy", 2, at(26)),),
        crossed=(Crossed((at(27), at(28)), 1),),
        no_gradients=(NoGradient("w:0", at(29)),),
        mixed_up=(Crossed((at(30), at(31)), 1),),
        truths=(Truth("PerReplica", at(32)),),
        given=(GIVEN, Given("other", None)),
        taken=(Taken(at(29), 2),),
        sharded=(
            Sharded(at(31), 2, 1, (Shuffle(at(30), (0, 7)),), "a", DataRows(at(29), 9, 8, (3, 5))),
        ),
        vocabularies=(Vocabulary(at(35), "ids", "dict", 2, (("a", 0), ("b", 1))),),
        draws=(DRAW, Draw(None, None, 0, "", ())),
        late=(ConfigWrite(at(33), "{}", 2, {"cluster": {}}, at(34), for_others=True),),
        files=(FileUse("write", "/a/b", "b", at(35), "here", (FileMoment(2, 3, 1.5, 2.5),)),),
        raised=ProgramError("ValueError", "first\nsecond", at(25, "main")),
        failures=(WatchFailure("data", "AttributeError: no shape", 3),),
        blind=(BlindSpot("checkpoints", "TensorFlow 2.16.2", "they moved"),),
    )


REDUCE = "CollectiveReduceV2"


def made(line: int | None, **more: Any) -> Collective:
    given = {"operation": REDUCE, "shape": "(3,)", "dtype": "float32", **more}
    return Collective(place=None if line is None else at(line), **given)
