"""`testbed chaos`: what it refuses, what it selects, and how a fault is repeated."""

from __future__ import annotations

import errno
import shlex
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from testbed.catalogue.fault import Fault
from testbed.catalogue.selection import Selection
from testbed.chaos.cases import ChaosRequest
from testbed.chaos.draw import Wanted
from testbed.chaos.record import ChaosRecord
from testbed.chaos.replay import replay_command
from testbed.cli.main import main
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.run.options import Options
from tests.unit.builders import COUNTER, write_script
from tests.unit.chaos.builders import came_of, killed, record_of, whole
from tests.unit.cli.status import status_of

STOP = Fault("stop", 1, "step 3", 2.5)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario folder of one script, a working folder of one's own, and no runs at all."""

    def never(work: Coroutine[Any, Any, Any]) -> None:
        work.close()
        pytest.fail("the command began to run, and should have been refused")

    shipped = tmp_path / "scenarios"
    write_script(shipped, "counters.py", COUNTER)
    monkeypatch.setattr("testbed.catalogue.selection.scenario_folder", lambda: shipped)
    monkeypatch.setattr("testbed.chaos.replay.scenario_folder", lambda: shipped)
    monkeypatch.setattr("testbed.cli.commands.chaos.interruptible", never)
    monkeypatch.chdir(tmp_path)
    return shipped


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "NAME"),
        ("nowhere", "no scenario matches 'nowhere'"),
        ("counters --fault fly", "invalid choice: 'fly'"),
        ("counters --worker 2", "--worker 2: counters.counter[outside_scope,eager]@"),
        ("counters --worker 2", "has the workers 0 to 1"),
        ("counters --worker -1", "has the workers 0 to 1"),
        ("counters --fault none --at joined", "leave out --worker and --at"),
        ("counters --fault absent --at joined", "leave out --at"),
        ("counters --workers 1", "--workers 1: one worker has no peer"),
        ("counters --workers 0", "--workers 0: at least 1"),
        ("counters --replicas 0", "--replicas 0: at least 1"),
        ("counters --strategy mirrored", "--strategy mirrored: one process has no peer"),
        ("counters --strategy mirrored", "choose from multi_worker_mirrored, parameter_server"),
        ("counters --strategy mirored", "unknown strategy 'mirored'"),
        ("counters.counter[outside_scope,eager]@default", "one worker has no peer"),
        ("counters --mode compiled", "no case of several workers in these modes"),
        ("counters --repeat 0", "--repeat 0: at least 1"),
        ("counters --restarts -1", "--restarts -1: at least 0"),
        ("counters --seconds 0", "--seconds 0: more than 0"),
        ("counters --seconds nan", "--seconds nan: more than 0"),
        ("counters --timeout 0", "--timeout 0: more than 0"),
        ("counters --start-timeout -1", "--start-timeout -1: more than 0"),
        ("counters --seed x", "--seed"),
        ("counters --json nowhere/x.json", "--json nowhere/x.json"),
    ],
)
def test_a_wrong_command_is_refused_in_one_line(
    words: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be done ends with status 2, one line that says why, and no run folder."""
    assert status_of("chaos", *words.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert told in shown.err
    assert not (tmp_path / ".testbed").exists()


class Started(Exception):
    """Chaos would begin, with this selection and this request."""

    def __init__(self, selection: Selection, request: ChaosRequest) -> None:
        super().__init__()
        self.selection = selection
        self.request = request


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Started]:
    """Types a command, up to where the first worker would start."""

    def started(selection: Selection, request: ChaosRequest, *_: object, **__: object) -> None:
        raise Started(selection, request)

    def typed(*words: str) -> Started:
        with pytest.raises(Started) as caught:
            main(["chaos", *words])
        return caught.value

    monkeypatch.setattr("testbed.cli.commands.chaos.chaos", started)
    return typed


@pytest.mark.parametrize(
    ("words", "deployments"),
    [
        ("counters", {"multi_worker_mirrored-2x1"}),
        ("counters --workers 3", {"multi_worker_mirrored-3x1"}),
        ("counters --replicas 2", {"multi_worker_mirrored-2x2"}),
        ("counters --strategy multi_worker_mirrored", {"multi_worker_mirrored-2x1"}),
        (
            "counters.counter[in_scope,eager]@multi_worker_mirrored-2x2",
            {"multi_worker_mirrored-2x2"},
        ),
        (
            "counters.counter[in_scope,eager]@multi_worker_mirrored-2x2 counters",
            {"multi_worker_mirrored-2x1", "multi_worker_mirrored-2x2"},
        ),
    ],
)
def test_what_is_selected(words: str, deployments: set[str], start: Callable[..., Started]) -> None:
    """Two workers of one replica, unless options or a case's id say something else."""
    cases = start(*words.split()).selection.cases
    assert {str(case.deployment) for case in cases} == deployments


def test_a_seed_is_drawn_where_none_is_given(start: Callable[..., Started]) -> None:
    """A given seed is taken, and without one each command has another."""
    assert start("counters", "--seed", "7").request.seed == 7
    assert len({start("counters").request.seed for _ in range(4)}) > 1


def replayed(selection: Selection, fault: Fault | None, **more: Any) -> str:
    request = ChaosRequest(Wanted(), seed=7, **more)
    return replay_command(selection, request, selection.cases[0], fault)


SHIPPED = "testbed chaos 'counters.counter[outside_scope,eager]@multi_worker_mirrored-2x1'"


@pytest.mark.parametrize(
    ("fault", "more", "told"),
    [
        (None, {}, "--fault none"),
        (Fault("absent", 1), {}, "--fault absent --worker 1"),
        (Fault("kill", 0, "joined"), {}, "--fault kill --worker 0 --at joined"),
        (STOP, {}, "--fault stop --worker 1 --at 'step 3' --seconds 2.5"),
        (
            Fault("kill", 0, "joined"),
            {
                "restarts": 0,
                "options": Options(deadlines=Deadlines(4.0, 5.5), isolation="none"),
            },
            "--fault kill --worker 0 --at joined --restarts 0 --start-timeout 4 --timeout 5.5"
            " --isolation none",
        ),
    ],
)
def test_how_a_fault_is_repeated(
    fault: Fault | None, more: dict[str, Any], told: str, start: Callable[..., Started]
) -> None:
    """The command names the case, the whole fault, and every option that is not the usual one."""
    selection = start("counters").selection
    assert replayed(selection, fault, **more) == f"{SHIPPED} {told}"


@pytest.mark.parametrize("more", [(), ("--workers", "3", "--replicas", "2")])
def test_what_is_repeated_is_what_was_done(
    more: tuple[str, ...], start: Callable[..., Started]
) -> None:
    """Typed again, the command gives the same fault of the same case, and draws nothing."""
    selection = start("counters", *more).selection
    again = start(*shlex.split(replayed(selection, STOP))[2:])
    assert again.selection.cases == selection.cases[:1]
    assert again.request.wanted == Wanted("stop", 1, "step 3", 2.5)


def test_a_script_of_one_s_own_is_repeated_by_its_path(
    tmp_path: Path, start: Callable[..., Started]
) -> None:
    """No id is found of a script that is not shipped, so that its path and mode are told."""
    write_script(tmp_path / "my own", "mine.py")
    selection = start("my own/mine.py", "--workers", "3").selection
    assert replayed(selection, Fault("absent", 1)) == (
        "testbed chaos 'my own/mine.py' --strategy multi_worker_mirrored --workers 3 --replicas 1"
        " --mode eager --fault absent --worker 1"
    )


def test_what_came_about_outlives_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done is summed up, what could be written is told, and what could not as well."""

    def done(work: Coroutine[Any, Any, Any]) -> ChaosRecord:
        work.close()
        return record_of(came_of(killed(), whole()), came_of(killed(), whole()))

    whole_file = Path.write_bytes

    def no_space_here(path: Path, data: bytes) -> int:
        if path.absolute().is_relative_to(tmp_path / ".testbed"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole_file(path, data)

    monkeypatch.setattr("testbed.cli.commands.chaos.interruptible", done)
    monkeypatch.setattr(Path, "write_bytes", no_space_here)
    assert status_of("chaos", "counters", "--seed", "7", "--json", "x.json") == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("seed 7: --seed 7 draws the same faults\n")
    assert "2 faults: 2 recovered" in shown.out
    assert "result: x.json\n" in shown.out
    assert shown.err.endswith("run.json: No space left on device; it is not written\n")


def test_faults_are_described(capsys: pytest.CaptureFixture[str]) -> None:
    """The help names every fault and every exit status."""
    with pytest.raises(SystemExit):
        main(["chaos", "--help"])
    shown = capsys.readouterr().out
    assert "{kill,terminate,stop,slow,cut,absent,none}" in shown
    assert all(status in shown for status in ("  0  ", "  1  ", "  2  ", "  130  "))
