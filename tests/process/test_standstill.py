"""Workers of a user's program that stand still, and those that have ended meanwhile."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.standstill import Patience
from tests.process.conftest import Launcher
from tests.process.still_programs import WORK
from tests.soak import later

PROGRAMS = "tests.process.still_programs"
NEVER = 600.0
PATIENT = Patience(release=NEVER, show=NEVER)


def run(
    launcher: Launcher,
    program: str,
    patience: Patience | None,
    workers: int = 2,
    seconds: float = 60.0,
    **orders: str,
) -> ClusterEnd:
    """Run a program of this module's; time out after some seconds."""
    return launcher.run(
        program,
        workers,
        deadlines=Deadlines(60, seconds, patience=patience),
        preload=(PROGRAMS,),
        module=PROGRAMS,
        **orders,
    )


@pytest.mark.parametrize("workers", [later(2), 4])
def test_one_that_has_ended_leaves_when_others_wait(launcher: Launcher, workers: int) -> None:
    """A worker whose program has ended leaves, and what followed from what is known."""
    end = run(launcher, "one_has_more_steps", Patience(release=0.6, show=NEVER), workers)
    assert (end.missed_deadline, end.cause) == ("", "")
    assert end.left_behind
    others = "worker 1 is" if workers == 2 else "workers 1, 2, 3 are"
    assert re.fullmatch(
        rf"worker 0 ended after 3 steps; {others} in step 4's collective,"
        r" at still_programs\.py:\d+ in one_has_more_steps",
        end.left_behind.sentence,
    )
    assert end.left_behind.place.in_step


def test_workers_that_leave_together_are_held(launcher: Launcher) -> None:
    """Without patience a worker that has ended is held, and the deadline names who waits."""
    end = run(launcher, "one_has_more_steps", None, seconds=2.0)
    assert end.missed_deadline == "run"
    assert end.left_behind is None
    assert end.cause.startswith("worker 0 ended after 3 steps; worker 1 is in step 4's collective")


@pytest.mark.parametrize("work", WORK)
def test_nobody_leaves_while_others_work(launcher: Launcher, work: str) -> None:
    """A peer that does anything waits for nobody, so who has ended stays until all have."""
    end = run(launcher, "one_works_longer", Patience(release=0.9, show=NEVER), work=work)
    assert end.cause == ""
    assert json.loads(launcher.folder.case("one_works_longer").report(1).read_text()) == "there"
    assert end.left_behind is None


def test_where_all_stand_still_is_told(launcher: Launcher) -> None:
    """One line says where all wait, another one when that has changed, and nobody is ended."""
    told: list[str] = []
    folder = launcher.folder.case("wait_here_and_there").path

    def tell(what: str) -> None:
        told.append(what)
        (folder / ("first" if len(told) == 1 else "second")).touch()

    end = run(launcher, "wait_here_and_there", Patience(NEVER, show=0.8, tell=tell))
    assert (end.missed_deadline, end.cause) == ("", "")
    places = ["_wait_first", "_wait_second"]
    assert len(told) == 2, told
    for line, place in zip(told, places, strict=True):
        assert re.match(r"no worker has moved for \d+ s: workers 0, 1 are in phase 'joined'", line)
        assert line.endswith(f" in {place}")


def test_what_belongs_to_the_program_is_left_alone(launcher: Launcher) -> None:
    """A program that has taken the signal or the descriptor is neither ended nor written to."""
    told: list[str] = []
    folder = launcher.folder.case("use_what_is_ours").path

    def tell(what: str) -> None:
        told.append(what)
        (folder / "first").touch()

    end = run(launcher, "use_what_is_ours", Patience(NEVER, show=0.8, tell=tell))
    assert end.cause == ""
    assert "workers 0, 1 are in phase 'joined', without a stack to show" in told[0]
    assert (folder / "own-1").read_text() == "mine"


def test_an_interrupted_standstill_is_explained(launcher: Launcher) -> None:
    """Who interrupts a hang gets its stacks, and the sentence that a deadline would have given."""
    told: list[str] = []
    stacks: dict[int, str] = {}
    interrupted = asyncio.Event()

    def tell(what: str) -> None:
        told.append(what)
        interrupted.set()

    patience = Patience(0.5, show=0.8, tell=tell, show_stacks=stacks.__setitem__)

    async def go() -> None:
        async with launcher.server((PROGRAMS,)) as server:
            run = asyncio.ensure_future(
                launcher.cluster(
                    server,
                    "wait_here_and_there",
                    2,
                    Deadlines(60, 60, patience=patience),
                    module=PROGRAMS,
                )
            )
            await interrupted.wait()
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run

    asyncio.run(go())
    hang, sentence = told
    assert hang.endswith(sentence)
    assert all("in _wait_first" in stacks[worker] for worker in (0, 1))
