"""The symptom of a claim that fails, and what comes near it without being it."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from testbed.catalogue.symptoms import SYMPTOMS
from testbed.cluster.cluster import Cluster
from testbed.verdict.diagnosis import Diagnosis, diagnose
from testbed.verdict.reading import Claim, ClaimReading, Reading
from tests.unit.builders import mirrored_of, on_read_of, raised_of, reading_of, report_of

ONE = Cluster(1, 1)
PAIR = Cluster(1, 2)
WORKERS = Cluster(2, 1)
BOTH = Cluster(2, 2)


class Record(NamedTuple):
    """One claim, what each worker saw, and what is to be said of it."""

    name: str
    cluster: Cluster
    claim: Claim
    seen: tuple[Reading, ...]
    symptom: str | None = None
    evidence: str = ""


def diagnosed(cluster: Cluster, claim: Claim, *seen: Reading) -> Diagnosis | None:
    reports = [
        report_of(ClaimReading(claim, reading), worker=worker, replicas=cluster.replicas_per_worker)
        for worker, reading in enumerate(seen)
    ]
    return diagnose(reports, cluster)


FIVE = Claim(value=5.0)
MEAN = Claim(value=2.5, per_replica=[1.0, 4.0])
MEAN_OF_FOUR = Claim(value=7.5, per_replica=[1.0, 4.0, 9.0, 16.0])
EQUAL = Claim(equal=True)
MIRRORED = Claim(mirrored=True)
NAN, INF = "nan", "inf"
DIGEST, OTHER_DIGEST = "sha256:0123456789abcdef", "sha256:fedcba9876543210"
WORKER_1 = "/job:worker/replica:0/task:1/device:CPU:0"

VALUES = (
    Record("claimed value", PAIR, FIVE, (mirrored_of(5.0, 5.0),)),
    Record("nothing claimed", PAIR, Claim(), (mirrored_of(1.0, 2.0),)),
    Record("int for float", ONE, FIVE, (reading_of(5),)),
    Record("float32 noise", ONE, Claim(value=0.3), (reading_of(0.30000001192092896),)),
    Record("inside tolerance", ONE, FIVE, (reading_of(5.00004),)),
    Record("outside tolerance", ONE, FIVE, (reading_of(5.001),), "wrong_value", "5.001 for 5"),
    Record("near zero", ONE, Claim(value=0.0), (reading_of(5e-7),)),
    Record("not zero", ONE, Claim(value=0.0), (reading_of(1e-5),), "wrong_value", "1e-05 for 0"),
    Record("nan claimed", ONE, Claim(value=NAN), (reading_of(NAN),)),
    Record("nan seen", ONE, FIVE, (reading_of(NAN),), "wrong_value", "nan for 5"),
    Record("inf is not nan", ONE, Claim(value=INF), (reading_of(NAN),), "wrong_value"),
    Record("nan beside numbers", ONE, Claim(value=[NAN, 1.0]), (reading_of([NAN, 1.0]),)),
    Record("digest", ONE, Claim(value=DIGEST), (reading_of(DIGEST),)),
    Record(
        "another digest", ONE, Claim(value=DIGEST), (reading_of(OTHER_DIGEST),),
        "wrong_value", "sha256:fedcba9876... for sha256:0123456789...",
    ),
    Record("list", ONE, Claim(value=[1.0, 2.0]), (reading_of([1.0, 2.00001]),)),
    Record("nested list", ONE, Claim(value=[[1.0], [2.0]]), (reading_of([[1.0], [2.0]]),)),
    Record(
        "longer list", ONE, Claim(value=[1.0]), (reading_of([1.0, 2.0]),),
        "wrong_value", "[1, 2] for [1]",
    ),
    Record("list for number", ONE, FIVE, (reading_of([5.0]),), "wrong_value", "[5] for 5"),
    Record("number for list", ONE, Claim(value=[5.0]), (reading_of(5.0),), "wrong_value"),
    Record("bool", ONE, Claim(value=True), (reading_of(True),)),
    Record(
        "another bool", ONE, Claim(value=True), (reading_of(False),),
        "wrong_value", "False for True",
    ),
    Record("no value", ONE, FIVE, (reading_of(None),), "wrong_value", "nothing for 5"),
)  # fmt: skip

COUNTED = (
    Record("10 for 5", PAIR, FIVE, (reading_of(10.0),), "counted_per_replica", "10 for 5"),
    Record("ints", PAIR, Claim(value=5), (reading_of(10),), "counted_per_replica", "10 for 5"),
    Record("both copies", PAIR, FIVE, (mirrored_of(10.0, 10.0),), "counted_per_replica"),
    Record(
        "on both workers", BOTH, FIVE, (reading_of(10.0), reading_of(10.0)),
        "counted_per_replica", "10 for 5",
    ),
    Record(
        "from a start", PAIR, Claim(value=6.0, start=1.0), (reading_of(11.0),),
        "counted_per_replica", "11 for 6",
    ),
    Record("start counted too", PAIR, Claim(value=6.0, start=1.0), (reading_of(12.0),),
           "wrong_value", "12 for 6"),
    Record("one replica", ONE, FIVE, (reading_of(10.0),), "wrong_value", "10 for 5"),
    Record("one each", WORKERS, FIVE, (reading_of(10.0), reading_of(10.0)), "wrong_value"),
    Record("all replicas", BOTH, FIVE, (reading_of(20.0), reading_of(20.0)),
           "wrong_value", "20 for 5"),
    Record("nothing to count", PAIR, Claim(value=0.0), (reading_of(3.0),), "wrong_value"),
    Record("one too many", PAIR, FIVE, (reading_of(11.0),), "wrong_value"),
    Record("one copy only", PAIR, FIVE, (mirrored_of(10.0, 5.0),),
           "replicas_diverge", "[10, 5] for 5"),
    Record("one worker only", BOTH, FIVE, (reading_of(10.0), reading_of(5.0)),
           "workers_diverge", "10 | 5 for 5"),
)  # fmt: skip

LAST_WINS = (
    Record("last replica", PAIR, MEAN, (reading_of(4.0),), "last_replica_wins", "4 for 2.5"),
    Record(
        "last of each worker", BOTH, MEAN_OF_FOUR, (reading_of(4.0), reading_of(16.0)),
        "last_replica_wins", "4 | 16 for 7.5",
    ),
    Record("first replica", PAIR, MEAN, (reading_of(1.0),), "wrong_value", "1 for 2.5"),
    Record("last of all", BOTH, MEAN_OF_FOUR, (reading_of(16.0), reading_of(16.0)),
           "wrong_value", "16 for 7.5"),
    Record("not told", PAIR, Claim(value=2.5), (reading_of(4.0),), "wrong_value"),
    Record("only replica", ONE, Claim(value=2.5, per_replica=[4.0]), (reading_of(4.0),),
           "wrong_value"),
    Record("only replica of each", WORKERS, MEAN, (reading_of(1.0), reading_of(4.0)),
           "workers_diverge", "1 | 4 for 2.5"),
)  # fmt: skip

DIVERGING = (
    Record("equal copies", PAIR, EQUAL, (mirrored_of(2.0, 2.0),)),
    Record("equal workers", WORKERS, EQUAL, (reading_of(2.0), reading_of(2.000001))),
    Record("equal nans", PAIR, EQUAL, (mirrored_of(NAN, NAN),)),
    Record("copies", PAIR, EQUAL, (mirrored_of(1.0, 2.0),), "replicas_diverge", "[1, 2]"),
    Record("copies alike on both", BOTH, EQUAL, (mirrored_of(1.0, 2.0), mirrored_of(1.0, 2.0)),
           "replicas_diverge", "[1, 2]"),
    Record("workers", WORKERS, EQUAL, (reading_of(1.0), reading_of(2.0)),
           "workers_diverge", "1 | 2"),
    Record("workers of pairs", BOTH, EQUAL, (mirrored_of(1.0, 1.0), mirrored_of(2.0, 2.0)),
           "workers_diverge", "1 | 2"),
    Record("digests", WORKERS, EQUAL, (reading_of(DIGEST), reading_of(OTHER_DIGEST)),
           "workers_diverge"),
    Record("lists", PAIR, EQUAL, (mirrored_of([1.0, 2.0], [1.0, 3.0]),),
           "replicas_diverge", "[[1, 2], [1, 3]]"),
    Record("nan beside number", PAIR, EQUAL, (mirrored_of(NAN, 1.0),), "replicas_diverge"),
    Record("copies, one right", PAIR, FIVE, (mirrored_of(5.0, 6.0),),
           "replicas_diverge", "[5, 6] for 5"),
    Record("workers, one right", WORKERS, FIVE, (reading_of(5.0), reading_of(6.0)),
           "workers_diverge", "5 | 6 for 5"),
)  # fmt: skip

STALE = Claim(value=5.0, stale=0.0)
FROZEN = (
    Record("frozen", ONE, STALE, (reading_of(0.0),), "frozen_in_trace", "0 for 5"),
    Record("all frozen", BOTH, STALE, (mirrored_of(0.0, 0.0), mirrored_of(0.0, 0.0)),
           "frozen_in_trace", "0 for 5"),
    Record("frozen before counted", PAIR, Claim(value=5.0, stale=10.0), (reading_of(10.0),),
           "frozen_in_trace"),
    Record("not stale", ONE, STALE, (reading_of(1.0),), "wrong_value"),
    Record("stale not told", ONE, FIVE, (reading_of(0.0),), "wrong_value"),
    Record("one copy frozen", PAIR, STALE, (mirrored_of(0.0, 5.0),), "replicas_diverge"),
)  # fmt: skip

PLACED = (
    Record("mirrored", PAIR, MIRRORED, (mirrored_of(1.0, 1.0),)),
    Record("one replica needs no mirror", ONE, MIRRORED, (reading_of(1.0),)),
    Record("long and short name", ONE, MIRRORED,
           (reading_of(1.0, devices=["/job:localhost/replica:0/task:0/device:CPU:0"]),)),
    Record("mirrored on workers", WORKERS, MIRRORED,
           (mirrored_of(1.0), mirrored_of(1.0, devices=[WORKER_1]))),
    Record("not placed yet", PAIR, MIRRORED, (mirrored_of(None, None, devices=["", ""]),)),
    Record("one copy", PAIR, MIRRORED, (reading_of(1.0),),
           "not_mirrored", "ResourceVariable on CPU:0"),
    Record("too few copies", PAIR, MIRRORED, (mirrored_of(1.0),), "not_mirrored"),
    Record("copies of no variable", PAIR, MIRRORED,
           (reading_of(1.0, 1.0, kind="per_replica", type="PerReplica"),),
           "not_mirrored", "PerReplica on CPU:0, CPU:1"),
    Record("one copy per worker", WORKERS, MIRRORED, (reading_of(1.0), reading_of(1.0)),
           "not_mirrored"),
    Record("second worker only", WORKERS, MIRRORED, (mirrored_of(1.0), reading_of(1.0)),
           "not_mirrored"),
    Record("another device", ONE, MIRRORED, (reading_of(1.0, devices=["/device:CPU:1"]),),
           "misplaced", "on CPU:1, replica on CPU:0"),
    Record("copies exchanged", PAIR, MIRRORED,
           (mirrored_of(1.0, 1.0, devices=["/device:CPU:1", "/device:CPU:0"]),),
           "misplaced", "on CPU:1, CPU:0, replica on CPU:0, CPU:1"),
    Record("another kind of device", PAIR, MIRRORED,
           (mirrored_of(1.0, 1.0, devices=["/device:GPU:0", "/device:GPU:1"]),), "misplaced"),
)  # fmt: skip

SYMBOLIC = reading_of(kind="symbolic", type="SymbolicTensor", name="add:0")
FIRST_COME = (
    Record("symbolic tensor", ONE, FIVE, (SYMBOLIC,), "symbolic_leak", "SymbolicTensor add:0"),
    Record("on one worker", WORKERS, FIVE, (reading_of(5.0), SYMBOLIC), "symbolic_leak"),
    Record("value before mirror", PAIR, Claim(value=5.0, mirrored=True), (reading_of(10.0),),
           "counted_per_replica"),
    Record("equal before mirror", WORKERS, Claim(equal=True, mirrored=True),
           (reading_of(1.0), reading_of(2.0)), "workers_diverge"),
)  # fmt: skip

RECORDS = (*VALUES, *COUNTED, *LAST_WINS, *DIVERGING, *FROZEN, *PLACED, *FIRST_COME)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_claim_shows_its_symptom(record: Record) -> None:
    """What the workers saw leads to the record's symptom, and to its evidence where one is set."""
    found = diagnosed(record.cluster, record.claim, *record.seen)
    assert (found.symptom if found else None) == record.symptom
    if found and record.evidence:
        assert found.evidence == record.evidence


def test_records_have_distinct_names() -> None:
    """Every record can be told from the others by its name."""
    assert len({record.name for record in RECORDS}) == len(RECORDS)


def test_records_cover_every_symptom_of_values_and_places() -> None:
    """Each symptom has a record, but for those that other tests here and the runner produce."""
    elsewhere = {"not_shared", "rejected", "per_replica_leak", "hang"}
    assert {record.symptom for record in RECORDS} - {None} == set(SYMPTOMS) - elsewhere


@pytest.mark.parametrize(
    ("identical", "other", "evidence"),
    [
        ((True, True), reading_of(1.0), None),
        ((True, False), reading_of(1.0), "2 objects, 1 and 2"),
        ((False, False), reading_of(1.0), "2 objects, 1 and 2"),
        ((False, False), reading_of(1.0, 3.0), "2 objects, [1, 3] and 2"),
        ((False, True), None, "2 objects, nothing and 2"),
    ],
)
def test_two_objects_are_not_shared(
    identical: tuple[bool, ...], other: Reading | None, evidence: str | None
) -> None:
    """Another object than the claimed one, on any worker, is not_shared, with both values."""
    claim = Claim(shared=True)
    reports = [
        report_of(ClaimReading(claim, reading_of(2.0), other, each), worker=worker)
        for worker, each in enumerate(identical)
    ]
    found = diagnose(reports, WORKERS)
    assert found == (Diagnosis("not_shared", evidence) if evidence else None)


def test_not_shared_comes_before_the_value() -> None:
    """Of two objects, the second one's value says nothing of the first one's."""
    claim = Claim(value=5.0, shared=True)
    report = report_of(ClaimReading(claim, reading_of(1.0), reading_of(5.0), identical=False))
    found = diagnose([report], ONE)
    assert found
    assert found.symptom == "not_shared"


@pytest.mark.parametrize(
    ("type", "message", "symptom"),
    [
        ("InaccessibleTensorError", "<tf.Tensor> is out of scope and cannot be used here. Use",
         "symbolic_leak"),
        ("ValueError", "It looks like you are using a PerReplica object while not inside a"
         " replica context", "per_replica_leak"),
        ("ValueError", "tf.function only supports singleton tf.Variables", "rejected"),
        ("ValueError", "PerReplica objects are fine here", "rejected"),
        ("RuntimeError", "", "rejected"),
    ],
)  # fmt: skip
def test_an_exception_is_a_leak_or_a_rejection(type: str, message: str, symptom: str) -> None:
    """What TensorFlow raised tells two kinds of leaks; all else is rejected, with its words."""
    found = diagnose([report_of(raised=raised_of(message, type))], ONE)
    assert found
    assert (found.symptom, found.error) == (symptom, f"{type}: {message}")
    assert found.evidence.startswith(type)


def test_an_exception_on_any_worker_counts() -> None:
    """One worker's exception is the case's, though the others' claims hold."""
    reports = [
        report_of(ClaimReading(FIVE, reading_of(5.0)), worker=0),
        report_of(ClaimReading(FIVE, reading_of(5.0)), worker=1, raised=raised_of("no")),
    ]
    assert diagnose(reports, WORKERS) == Diagnosis("rejected", "ValueError: no", "ValueError: no")


def test_claims_before_an_exception_come_first() -> None:
    """A claim that failed before the exception is what is told."""
    report = report_of(ClaimReading(FIVE, reading_of(4.0)), raised=raised_of("no"))
    assert diagnose([report], ONE) == Diagnosis("wrong_value", "4 for 5")


def test_the_first_claim_that_fails_is_told() -> None:
    """Of several claims, the first that fails gives the symptom."""
    report = report_of(
        ClaimReading(FIVE, reading_of(5.0)),
        ClaimReading(FIVE, reading_of(6.0)),
        ClaimReading(MIRRORED, reading_of(5.0, devices=["/device:CPU:1"])),
    )
    assert diagnose([report], ONE) == Diagnosis("wrong_value", "6 for 5")


@pytest.mark.parametrize("claim", [FIVE, EQUAL], ids=["value", "equal"])
def test_what_could_not_be_read_does_not_hold(claim: Claim) -> None:
    """Copies without a value never fulfil a claim about values."""
    assert diagnosed(PAIR, claim, mirrored_of(None, None)) is not None


def test_a_value_of_no_copies_does_not_hold() -> None:
    """A claimed value needs a copy that has it."""
    assert diagnosed(ONE, FIVE, reading_of()) == Diagnosis("wrong_value", "nothing for 5")


def test_a_claim_of_one_worker_alone_is_judged() -> None:
    """What worker 0 claims is held against what it saw, also where the others claim nothing."""
    reports = [report_of(ClaimReading(FIVE, reading_of(6.0)), worker=0), report_of(worker=1)]
    assert diagnose(reports, WORKERS) is not None


def test_too_few_values_per_replica_are_no_crash() -> None:
    """A script that tells too few of its replicas' values still gets a symptom."""
    claim = Claim(value=7.5, per_replica=[1.0, 4.0])
    found = diagnosed(BOTH, claim, reading_of(4.0), reading_of(4.0))
    assert found == Diagnosis("wrong_value", "4 for 7.5")


def test_whole_numbers_are_compared_exactly() -> None:
    """Only floats have a tolerance: one step more of a million is one too many."""
    assert diagnosed(ONE, Claim(value=1_000_000), reading_of(1_000_001)) is not None


@pytest.mark.parametrize(
    ("claim", "seen"),
    [
        (Claim(value=10_000.0), (reading_of(10_001.0),)),
        (Claim(value=5.0), (reading_of(5.0002),)),
        (EQUAL, (reading_of(10_000.0), reading_of(10_001.0))),
    ],
    ids=["large", "small", "workers"],
)
def test_evidence_never_hides_the_difference(claim: Claim, seen: tuple[Reading, ...]) -> None:
    """The numbers in the evidence differ wherever the values were told apart."""
    found = diagnosed(WORKERS, claim, *seen)
    assert found
    left, _, right = found.evidence.replace(" for ", " | ").partition(" | ")
    assert left != right
    assert right


@pytest.mark.parametrize(
    ("cluster", "claim", "seen", "symptom"),
    [
        (PAIR, Claim(value=1.5), [on_read_of(1.5, 0.75, 0.75)], None),
        (PAIR, Claim(value=0.75), [on_read_of(1.5, 0.75, 0.75)], "counted_per_replica"),
        (PAIR, Claim(value=1.0), [on_read_of(1.5, 1.0, 1.0)], "wrong_value"),
        (BOTH, Claim(value=5.0), [on_read_of(20.0, 5.0, 5.0)] * 2, "counted_per_replica"),
        (PAIR, Claim(equal=True), [on_read_of(3.0, 1.0, 2.0)], None),
        (BOTH, Claim(equal=True), [on_read_of(9.0, 1.0, 2.0), on_read_of(9.0, 3.0, 3.0)], None),
        (BOTH, Claim(equal=True), [on_read_of(1.0, 1.0), on_read_of(3.0, 3.0)], "workers_diverge"),
        (
            PAIR,
            Claim(value=2.0),
            [on_read_of(None, 2.0, 2.0, problem="ValueError: no")],
            "rejected",
        ),
        (
            PAIR,
            Claim(equal=True),
            [on_read_of(None, 2.0, 2.0, problem="ValueError: no")],
            "rejected",
        ),
        (PAIR, Claim(mirrored=True), [on_read_of(None, 2.0, 3.0, problem="ValueError: no")], None),
    ],
)
def test_a_claim_is_about_what_a_reader_gets(
    cluster: Cluster, claim: Claim, seen: list[Reading], symptom: str | None
) -> None:
    """Of a variable that is synchronized on read its copies are evidence, and no value of it."""
    found = diagnosed(cluster, claim, *seen)
    assert (found and found.symptom) == symptom


def test_a_value_that_is_read_is_told_with_the_copies_that_it_is_made_of() -> None:
    """The evidence holds what a reader gets for what was claimed, and what the copies hold."""
    found = diagnosed(PAIR, Claim(value=5.0), on_read_of(3.0, 1.0, 2.0))
    assert found
    assert found.evidence == "3 for 5, read from copies [1, 2]"
    refused = diagnosed(PAIR, Claim(value=5.0), on_read_of(None, 1.0, problem="ValueError: no"))
    assert refused
    assert (refused.evidence, refused.error) == (
        "when it is read: ValueError: no",
        "ValueError: no",
    )
