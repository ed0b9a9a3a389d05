"""What follows from what workers tell of a program's strategies."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.verdict.program_notes import JOINING, MADE, Note, joinings, unconnected, unfit

HERE = {"file": "/home/me/train.py", "line": 5}
NOWHERE: dict[str, Any] = {"file": "", "line": 0}


def config(index: int, hosts: str = "ab", kind: str = "worker") -> dict[str, Any]:
    """The content of a TF_CONFIG; each letter of `hosts` is the address of a task."""
    return {"cluster": {kind: list(hosts)}, "task": {"type": kind, "index": index}}


GIVEN = [config(0), config(1)]


def joining(given: Any, used: Any, line: dict[str, Any] = HERE) -> list[Note]:
    """What a worker tells that is given one TF_CONFIG and joins by another."""
    return [{"note": JOINING, "given": given, "used": used, **line}]


def made(name: str, *, several: bool = False) -> Note:
    return {"note": MADE, "name": name, "several": several, **HERE}


def told(*notes: list[Note], workers: int = 2) -> tuple[str, bool] | None:
    """What is said of these workers, and whether it is hopeless."""
    found = unfit(joinings(notes), workers)
    return (found.reason, found.hopeless) if found else None


OBEYED = {
    "as given": [joining(each, each, NOWHERE) for each in GIVEN],
    "with addresses of its own": [joining(each, config(i, "xy")) for i, each in enumerate(GIVEN)],
    "without a launcher": [joining(None, config(0)), joining(None, config(1))],
    "one worker": [joining(config(0, "a"), None)],
    "the first of two so far": [joining(GIVEN[0], config(0, "xy")), []],
    "with keys that TensorFlow ignores": [
        joining(each, {**each, "environment": "cloud"}) for each in GIVEN
    ],
    "with addresses by index": [
        joining(each, {**each, "cluster": {"worker": {"0": "a", "1": "b"}}}) for each in GIVEN
    ],
}


@pytest.mark.parametrize("notes", OBEYED.values(), ids=list(OBEYED))
def test_what_fits_is_obeyed(notes: list[list[Note]]) -> None:
    """A cluster that the workers can form is the program's own affair."""
    assert told(*notes) is None


def test_two_workers_that_are_one_task() -> None:
    """Both are named with the task, the addresses, and the line that has set TF_CONFIG."""
    found = told(*(joining(each, config(0, "xy")) for each in GIVEN))
    assert found is not None
    assert found[0].startswith(
        "the program sets TF_CONFIG itself (train.py:5): workers 0 and 1 both are worker 0 of x, y;"
    )
    assert found[1]


def test_a_worker_that_is_alone_while_another_is_expected() -> None:
    """The other may join and wait for it in vain: one line then says both."""
    joined = joinings([[], joining(GIVEN[1], None)])
    assert unfit(joined, 2, is_expected=True) is None
    assert unfit(joined, 2, is_expected=False) is not None


def test_a_cluster_that_is_described_without_tf_config() -> None:
    """Where no line has changed TF_CONFIG, a resolver describes the cluster."""
    found = told(*(joining(each, config(1), NOWHERE) for each in GIVEN))
    assert found is not None
    assert found[0].startswith("the program describes its cluster itself: workers 0 and 1 both are")


@pytest.mark.parametrize("used", [None, {}, {"cluster": {}}, config(0, "x")])
def test_workers_that_are_alone(used: Any) -> None:
    """Who leaves a shared cluster trains by itself; that may be meant, and is told."""
    found = told(joining(GIVEN[0], used), [])
    assert found is not None
    assert "worker 0 is a cluster of one and trains by itself; keep the TF_CONFIG" in found[0]
    assert not found[1]


def test_who_waits_for_a_worker_that_has_left() -> None:
    """A worker that stays in the given cluster would wait for ever."""
    found = told(joining(GIVEN[0], GIVEN[0], NOWHERE), joining(GIVEN[1], None))
    assert found is not None
    assert found[0].startswith(
        "the program removes TF_CONFIG (train.py:5): worker 1 is a cluster of one and trains by"
        " itself, and worker 0 waits for it in vain;"
    )
    assert found[1]


def test_a_cluster_for_which_too_few_are_started() -> None:
    """It is told how many tasks the program's own cluster has."""
    found = told(*(joining(each, config(i, "xyz")) for i, each in enumerate(GIVEN)))
    assert found is not None
    assert found[0].endswith("its cluster has 3 tasks, but 2 workers were started")
    assert not found[1]


def test_strategies_of_one_process_are_not_connected() -> None:
    """It is told once two workers have made one, and of no program that connects them."""
    mirrored, workers = made("MirroredStrategy"), made("MultiWorkerMirroredStrategy", several=True)
    assert unconnected([[mirrored], [mirrored]]).startswith(
        "workers 0, 1 each make a MirroredStrategy of their own (train.py:5): it does not connect"
    )
    assert unconnected([[mirrored], []]) == ""
    assert unconnected([[workers, mirrored], [workers, mirrored]]) == ""
    assert unconnected([[], []]) == ""


@pytest.mark.parametrize(
    "note",
    [
        {"note": JOINING},
        {"note": JOINING, "given": 3, "used": [], **HERE},
        {"note": JOINING, "given": config(0), "used": {"cluster": {"worker": 5}}, **HERE},
        {"note": JOINING, "given": config(0), "used": None, "file": "", "line": "first"},
        {"note": MADE, "name": "MirroredStrategy"},
    ],
)
def test_malformed_notes_say_nothing(note: Note) -> None:
    """A program can write to its worker's channel; that ends no run."""
    assert told([note], [note]) is None
    assert unconnected([[note], [note]]) == ""
