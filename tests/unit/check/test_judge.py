"""Every rule in order, each thing once, and what is silenced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from testbed.check.finding import CODES, WARNING, Finding
from testbed.check.judge import RULES, blind_spots, chosen, incomplete, judge
from testbed.check.observations.blind_spot import BlindSpot
from testbed.check.observations.reuse import NotReused
from testbed.check.observations.seen import (
    Crossed,
    Frozen,
    ProgramError,
    SourceLine,
    StateChange,
    Truth,
    WorkerObservations,
)
from testbed.check.observations.traces import Leak, Mixed
from testbed.check.observations.watch_failure import WatchFailure
from testbed.verdict.raised_error import StackFrame
from tests.unit.check.builders import (
    ADD,
    ASSIGN,
    KERAS_SEED,
    READ,
    at,
    born,
    by_both,
    full,
    made,
    mirrored,
    seen_of,
    told,
)

KERAS_ADDS = "keras/src/backend/common/variables.py:assign_add"
STEPS = StateChange("STEPS", "number", 0, 2, at(20))


def codes_of(*seen: WorkerObservations) -> list[str]:
    return [finding.code for finding in judge(seen)]


def test_a_worker_that_saw_nothing() -> None:
    """Of nothing nothing is said, by one worker or by several."""
    assert judge([WorkerObservations()]) == []
    assert judge([WorkerObservations(), WorkerObservations(worker=1)]) == []


def test_every_rule_is_asked() -> None:
    """Each kind of mistake comes through, from whichever rule it is."""
    seen = seen_of(
        born(0, line=1),
        born(1, "assigned", line=2),
        mirrored(2, "best", 3, copies=(0.0, 3.0)),
        *(born(10 + step, "fresh", 4, step=step, in_step=True) for step in (1, 2, 3)),
        mirrored(20, "seed", 5, libraries=KERAS_SEED),
        mirrored(21, "total", 6, aggregation="SUM"),
        mirrored(22, "sgd/iteration", 30, clips="clipnorm=0.5"),
        accesses=[
            *by_both(ADD, deltas=(1, 1)),
            *by_both(ASSIGN, variable=1),
            *by_both(ASSIGN, variable=20),
            *by_both(READ, variable=21, line=18, called=KERAS_ADDS),
        ],
        changes=(STEPS,),
        frozen=(Frozen("RATE", 1, 2, at(21)),),
        leaks=(Leak("last", "add:0", at(22)),),
        mixed=(Mixed("update", "a", "b", at(23)),),
        not_reused=(NotReused(1, 21, "reuse=True"),),
        collectives=(made(24),),
        crossed=(Crossed((at(25), at(26)), 1),),
        truths=(Truth("PerReplica", at(27)),),
        mixed_up=(Crossed((at(28), at(29)), 1),),
    )
    other = seen_of(*seen.births[:2], worker=1)
    assert codes_of(seen, other) == [
        *("TB101", "TB102", "TB106", "TB201", "TB105", "TB602", "TB111"),
        *("TB204", "TB605", "TB301", "TB302", "TB303", "TB203", "TB402", "TB403", "TB503", "TB109"),
        "TB606",
    ]


def test_values_that_a_failure_left_are_not_compared() -> None:
    """What a step that failed has left half done tells nothing; what it had done before does."""
    seen = seen_of(
        born(0, line=1),
        born(1, "table", line=2, copies=(1.0,)),
        mirrored(2, "best", 3, copies=(0.0, 3.0)),
        accesses=[*by_both(ADD, deltas=(1, 1)), *by_both(READ, variable=1)],
        raised=ProgramError("ValueError", "merge_call", at(25)),
    )
    births = [replace(birth, copies=(9.0, 9.0)) for birth in seen.births]
    assert codes_of(seen, seen_of(*births, worker=1)) == ["TB101", "TB103", "TB501"]
    calm = replace(seen, raised=None)
    assert codes_of(calm, seen_of(*births, worker=1)) == ["TB101", "TB104", "TB201"]


def test_rules_are_asked_once() -> None:
    """No rule stands twice in the list."""
    assert len(set(RULES)) == len(RULES)


def test_findings_are_sorted_by_place() -> None:
    """By file and line, whatever was seen first; what has no line comes before all."""
    changes = tuple(
        StateChange("x", "number", 0, 2, place)
        for place in (SourceLine("b.py", 1), SourceLine("a.py", 10), SourceLine("a.py", 9), None)
    )
    places = [finding.place for finding in judge([seen_of(changes=changes)])]
    assert places == [None, SourceLine("a.py", 9), SourceLine("a.py", 10), SourceLine("b.py", 1)]


def test_one_line_may_have_several_codes() -> None:
    """Two mistakes of one line are two findings, in the order of their codes."""
    seen = seen_of(born(line=20), accesses=by_both(ADD, deltas=(1, 1)), changes=(STEPS,))
    assert codes_of(seen) == ["TB101", "TB301"]


def test_each_thing_is_said_once() -> None:
    """Variables that one line makes in a loop have one finding, of the first of them."""
    seen = seen_of(
        born(0, "first"),
        born(1, "second"),
        accesses=[*by_both(ADD, deltas=(1, 1)), *by_both(ADD, deltas=(1, 1), variable=1)],
    )
    assert told(judge([seen])) == [
        (
            "TB101",
            4,
            "2 replicas of a worker each add 1 to 'first' in a step; and 1 more of this line",
        )
    ]


def test_consequences_are_left_out() -> None:
    """Where variables are mixed up between workers, that they hold other values follows."""
    one = seen_of(mirrored(0, "a", 7, copies=(1.0,)), mirrored(1, "b", 8, copies=(2.0,)))
    two = seen_of(mirrored(0, "b", 8, copies=(1.0,)), mirrored(1, "a", 7, copies=(2.0,)), worker=1)
    assert codes_of(one, two) == ["TB106"]
    alone = seen_of(mirrored(0, "a", 7, copies=(9.0,)), one.births[1], worker=1)
    assert codes_of(one, alone) == ["TB202"]


def test_a_refusal_follows_from_a_scope_that_a_thread_does_not_have() -> None:
    """The optimizer's empty AssertionError is left out, and stays where nothing explains it."""
    frames = (StackFrame("/lib/tensorflow/python/distribute/mirrored_strategy.py", 8, "_update"),)
    problem = ProgramError("AssertionError", "", at(39), frames=frames)
    reads = by_both(READ)
    seen = seen_of(born(other_scope=at(17)), accesses=reads, raised=problem)
    assert codes_of(seen) == ["TB110"]
    assert codes_of(replace(seen, births=(born(),))) == ["TB103", "TB501"]


def test_odd_input_is_judged() -> None:
    """Whatever a worker may have seen, the rules come to their end."""
    assert isinstance(judge([full()]), list)
    assert isinstance(judge([full(), WorkerObservations(worker=1), full()]), list)


def finding(line: int = 1, code: str = "TB101", file: Path | str = "train.py") -> Finding:
    return Finding(code, SourceLine(str(file), line), "evidence")


@pytest.fixture
def commented(tmp_path: Path) -> Path:
    """The file in which a comment may silence a finding."""
    return tmp_path / "train.py"


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # testbed: ignore",
        "x = 1  # testbed: ignore[TB101]",
        "x = 1  # testbed: ignore[TB201, TB101]",
        "x = 1  # testbed: ignore[ TB101 ,TB201]",
        "x = 1  # testbed: ignore[tb101]",
        "x = 1  #testbed:ignore[TB101]",
        "x = 1  # noqa  # testbed: ignore[TB101]  # why: it is meant so",
        "x = 1  # testbed: ignore, as it is meant so",
    ],
)
def test_a_comment_silences_its_line(commented: Path, line: str) -> None:
    """The codes that it names, or all where it names none."""
    commented.write_text(f"{line}\ny = 2\n")
    assert chosen([finding(file=commented)]) == []
    assert chosen([finding(2, file=commented)]) == [finding(2, file=commented)]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1",
        "x = 1  # testbed: ignore[TB201]",
        "x = 1  # testbed: ignore[TB10]",
        "x = 1  # testbed: ignore[TB1011]",
        "x = 1  # testbed: ignore[]",
        "x = 1  # testbed: ignore[all]",
        "x = 1  # testbed: ignored",
        "x = 1  # testbed: ignore[TB101",
        "x = 'testbed: ignore'",
    ],
)
def test_a_comment_silences_nothing_else(commented: Path, line: str) -> None:
    """Another code, a part of one, an unknown or unfinished one, and what is no such comment."""
    commented.write_text(f"{line}\n")
    assert chosen([finding(file=commented)]) == [finding(file=commented)]


def test_lines_are_counted_as_python_does(commented: Path) -> None:
    """A form feed or another separator within a line begins no new one."""
    commented.write_text("a = 1\f\nb = '\u2028'\nc = 3  # testbed: ignore\n", encoding="utf-8")
    assert chosen([finding(3, file=commented)]) == []


@pytest.mark.parametrize("line", [0, -1, 9])
def test_a_line_that_is_not_there(commented: Path, line: int) -> None:
    """A file that has changed since, or a place without a true line, silences nothing."""
    commented.write_text("x = 1  # testbed: ignore")
    assert len(chosen([finding(line, file=commented)])) == 1


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """No file, a folder, and bytes that are no text silence nothing."""
    (tmp_path / "bytes.py").write_bytes(b"x = 1  # testbed: ignore \xff")
    files = [tmp_path / "absent.py", tmp_path, tmp_path / "bytes.py"]
    assert len(chosen([finding(file=file) for file in files])) == 3


def test_what_has_no_place_is_not_silenced() -> None:
    """Without a line there is no comment."""
    alone = Finding("TB106", None, "evidence")
    assert chosen([alone]) == [alone]


@pytest.mark.parametrize(
    ("select", "ignore", "left"),
    [
        ((), (), ["TB101", "TB106", "TB201", "TB301"]),
        (("TB1",), (), ["TB101", "TB106"]),
        (("TB101", "TB3"), (), ["TB101", "TB301"]),
        ((), ("TB1",), ["TB201", "TB301"]),
        ((), ("TB101", "TB2"), ["TB106", "TB301"]),
        (("TB1",), ("TB106",), ["TB101"]),
        (("TB",), ("TB",), []),
        (("TB9",), (), []),
    ],
)
def test_codes_are_chosen_by_their_beginnings(
    select: tuple[str, ...], ignore: tuple[str, ...], left: list[str]
) -> None:
    """What is selected and not ignored stays, in its order."""
    findings = [finding(code=code) for code in ("TB101", "TB106", "TB201", "TB301")]
    assert [each.code for each in chosen(findings, select, ignore)] == left


def test_a_finding_knows_its_code() -> None:
    """What a finding is about is what the closed list says of its code."""
    assert finding().about is CODES["TB101"]
    assert replace(finding(), level=WARNING).about == replace(CODES["TB101"], level=WARNING)


def test_failures_of_watchers_are_summed_over_workers() -> None:
    """Where watching failed is one sentence for each watcher and problem, over all workers."""
    failure = WatchFailure("data", "AttributeError: no shape", 2)
    seen = [WorkerObservations(failures=(failure,)), WorkerObservations(failures=(failure,))]
    assert incomplete(seen) == (
        "watching failed 4 times in data: AttributeError: no shape; findings may be missing",
    )
    assert incomplete([WorkerObservations()]) == ()


def test_what_workers_do_not_watch_is_said_once() -> None:
    """All workers of a check have the same libraries."""
    spot = BlindSpot("checkpoints", "TensorFlow 2.16.2", "they moved")
    seen = [replace(WorkerObservations(worker=number), blind=(spot,)) for number in (0, 1)]
    assert blind_spots(seen) == ("checkpoints are not watched on TensorFlow 2.16.2: they moved",)
    assert blind_spots([WorkerObservations()]) == ()
