"""In how many processes a program runs: who waits, who is let go on, and what is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from testbed.launcher.server.worker_process import WorkerProcess
from testbed.run.user_code.cluster_choice import ALL_RUN, Choice, ProgramObserver
from testbed.verdict.program_notes import JOINING, MADE, NEEDS

HERE = {"file": "/home/me/train.py", "line": 5, "at": 2.0}


class Played(WorkerProcess):
    """A worker that does nothing, and keeps what it is told."""

    def __init__(self, number: int, changed: asyncio.Event) -> None:
        super().__init__(str(number), changed, lambda _: None)
        self.heard: list[str] = []

    def say(self, line: str) -> None:
        """See `WorkerProcess`."""
        self.heard.append(line)

    def request(self, what: dict[str, Any]) -> asyncio.Future[None]:
        """See `WorkerProcess`; killing it is all that can be done to it."""
        assert what == {"op": "kill"}
        self.ended(9, 3.0)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


def needs(sign: str, *, several: bool) -> dict[str, Any]:
    return {"note": NEEDS, "several": several, "sign": sign, **HERE}


def played(
    choice: Choice, *events: Callable[[list[Played]], None], number: int = 3
) -> list[Played]:
    """The workers of a cluster in which these things have happened, one after the other."""

    async def go() -> list[Played]:
        changed = asyncio.Event()
        workers = [Played(index, changed) for index in range(number)]
        watching = asyncio.ensure_future(ProgramObserver(choice)(workers))
        workers[0].take_in({"phase": "started", "at": asyncio.get_running_loop().time() - 4.0})
        for event in events:
            event(workers)
            # Let what is watched be seen.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        if watching.done():
            watching.result()
        watching.cancel()
        return workers

    return asyncio.run(go())


def tells(note: dict[str, Any], worker: int = 0) -> Callable[[list[Played]], None]:
    return lambda workers: workers[worker].take_in(json.loads(json.dumps(note)))


NOTHING: list[list[str]] = [[], [], []]


def test_all_workers_run_what_names_their_number(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the number of workers is given nobody is held, and nothing is told."""
    workers = played(ALL_RUN, tells({"phase": "finished", "at": 1.0}))
    assert [worker.held for worker in workers] == [False] * 3
    assert [worker.heard for worker in workers] == NOTHING
    assert capsys.readouterr().err == ""


def test_workers_wait_until_the_first_shows_what_it_needs() -> None:
    """Who is held has not failed, whatever happens to it."""
    workers = played(Choice(2), tells({"phase": "forked", "at": 1.0}))
    assert [worker.held for worker in workers] == [False, True, True]
    assert [worker.heard for worker in workers] == NOTHING
    assert not any(worker.failed for worker in workers)


def test_a_program_of_several_processes(capsys: pytest.CaptureFixture[str]) -> None:
    """The others go on, and get as much more time to join as the first has had before them."""
    workers = played(Choice(2), tells(needs("TF_CONFIG", several=True)))
    assert [worker.heard for worker in workers] == [["together"], ["turn"], ["turn"]]
    assert not any(worker.held for worker in workers)
    assert workers[0].late == 0
    assert 4.0 <= workers[1].late < 60.0
    assert capsys.readouterr().err == ""


def test_a_program_of_one_process(capsys: pytest.CaptureFixture[str]) -> None:
    """The others end without having run, are no failure, and it is told in one line."""
    workers = played(Choice(2), tells(needs("MirroredStrategy", several=False)))
    assert [worker.heard for worker in workers] == [["alone"], [], []]
    assert [worker.status for worker in workers] == [None, 9, 9]
    assert not any(worker.failed for worker in workers)
    said = capsys.readouterr().err
    assert said.startswith("testbed: MirroredStrategy (train.py:5) is for one process: worker 0")
    assert "with 2 devices (--replicas R gives R; --workers 3 starts 3 workers" in said
    assert said.count("\n") == 1


def test_a_program_that_ends_without_a_strategy(capsys: pytest.CaptureFixture[str]) -> None:
    """It has run once, and how to run it in all workers is told."""
    workers = played(Choice(2), tells({"phase": "reported", "at": 1.0, "good": True}))
    assert [worker.status for worker in workers] == [None, 9, 9]
    assert "it ran in one process (--workers 3 runs it in 3)" in capsys.readouterr().err


def test_a_checked_program_of_one_process_is_not_announced(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last line of the check names what it ran on."""
    workers = played(Choice(2, checked=True), tells(needs("MirroredStrategy", several=False)))
    assert [worker.heard for worker in workers] == [["alone"], [], []]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("checked", [True, False])
def test_workers_of_a_larger_cluster(*, checked: bool) -> None:
    """A check ends them, for nobody starts the others; a launch lets them wait."""
    notes = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        given = {"cluster": {"worker": ["x", "y"]}, "task": task}
        used = {"cluster": {"worker": ["x", "y", "z"]}, "task": task}
        notes.append(tells({"note": JOINING, "given": given, "used": used, **HERE}, index))
    workers = played(Choice(checked=checked), *notes, number=2)
    told = "its cluster has 3 tasks, but 2 workers were started (--workers 3 starts 3)"
    assert [told in worker.ended_for for worker in workers] == [checked] * 2


def test_a_program_that_fails_before_it_shows_anything(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It fails once, and only its cause is told."""
    workers = played(Choice(2), lambda workers: workers[0].ended(256, 1.0))
    assert [worker.status for worker in workers] == [256, 9, 9]
    assert capsys.readouterr().err == ""


def test_nobody_waits_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    """A first worker that shows nothing for too long is joined by the others, and is answered."""
    nothing = tells({"phase": "step 1", "at": 1.0})
    ask = tells(needs("MirroredStrategy", several=False))
    workers = played(Choice(2, patience=0.0), nothing, nothing, ask)
    assert [worker.heard for worker in workers] == [["together"], ["turn"], ["turn"]]
    assert "has made no strategy for 0 s: the other workers now start" in capsys.readouterr().err


def test_what_is_not_connected_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Each further worker that makes such a strategy adds no line; all go on."""
    note = {"note": MADE, "name": "MirroredStrategy", "several": False, **HERE}
    workers = played(Choice(cure="do it so"), *(tells(note, worker) for worker in range(3)))
    said = capsys.readouterr().err
    assert said.startswith("testbed: workers 0, 1 each make a MirroredStrategy of their own")
    assert said.endswith("; do it so\n")
    assert said.count("\n") == 1
    assert [worker.status for worker in workers] == [None] * 3


def test_workers_of_one_task_are_ended() -> None:
    """All are ended, with that reason, before they can wait for each other."""
    own = {"cluster": {"worker": ["x", "y"]}, "task": {"type": "worker", "index": 0}}
    given = [{**own, "task": {"type": "worker", "index": index}} for index in range(2)]
    notes = [{"note": JOINING, "given": each, "used": own, **HERE} for each in given]
    workers = played(ALL_RUN, tells(notes[0]), tells(notes[1], 1), number=2)
    assert all("workers 0 and 1 both are worker 0 of x, y" in each.ended_for for each in workers)
    assert [worker.status for worker in workers] == [9, 9]
