"""What a run folder says of the user's own program, whichever way that ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from testbed.cli.main import main
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.launcher.cluster.ledger import ledger
from testbed.launcher.run_folder import RunFolder, locked
from testbed.report.records.program import recorded
from testbed.verdict.device_memory import DeviceMemory

COMMAND = ["launch", "--workers", "2", "my train.py"]
DEPLOYMENT = Deployment("multi_worker_mirrored", Cluster(2, 1))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[RunFolder]:
    """The folder of a run that goes on, whose second worker has not come to its end."""
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    own = run.case("program")
    with locked(run.path), ledger(own, began=100.0) as note:
        for worker, phases in enumerate((["forked", "joined", "finished"], ["forked", "joined"])):
            for after, phase in enumerate(phases):
                note(worker, {"phase": phase, "at": 100.0 + after, "good": True})
        note(0, {"phase": "reported", "at": 104.0, "steps": 3})
        own.report(0).write_text(json.dumps({"code": 0, "raised": ""}))
        own.log(0).write_text("all is well\n")
        own.log(1).write_text("".join(f"line {number}\n" for number in range(50)))
        yield run


def shown(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["report", str(run.path)]) == 0
    return capsys.readouterr().out


def test_an_interrupted_run_is_shown(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """Command, end, how far each worker came, what was told, and the last lines of the log."""
    folder.notices.write_text("worker 1 is in step 4's collective, at train.py:27\n")
    recording = recorded(folder, COMMAND, "program", DEPLOYMENT)
    with pytest.raises(KeyboardInterrupt), recording:
        raise KeyboardInterrupt
    lines = shown(folder, capsys).splitlines()
    assert lines[:5] == [
        "testbed launch --workers 2 'my train.py'",
        "on multi_worker_mirrored-2x1: interrupted with status 130",
        "notice: worker 1 is in step 4's collective, at train.py:27",
        "",
        "worker 0: ended with exit code 0, 3 steps (forked 0.0 s, joined 1.0 s, finished 2.0 s,"
        " reported 4.0 s)",
    ]
    assert lines[5].startswith("worker 1: did not finish, last phase 'joined' (forked")
    assert "  line 49" in lines
    assert "  all is well" not in lines, "only what may tell why it ended so"
    assert "  line 39" not in lines


def test_the_memory_of_gpus_is_shown(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """The most that each GPU of a worker held; a worker on CPUs has no such line."""
    memory = [asdict(DeviceMemory(f"GPU:{each}", 0, (each + 1) << 30)) for each in (0, 1)]
    (folder.case("program").report(0)).write_text(json.dumps({"code": 0, "memory": memory}))
    with recorded(folder, COMMAND, "program", DEPLOYMENT) as ended:
        ended(0, "")
    line = "  most GPU memory of its tensors: GPU:0 1.0 GiB, GPU:1 2.0 GiB"
    assert shown(folder, capsys).splitlines().count(line) == 1


def test_a_run_that_goes_on_is_shown(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """A run whose launching process is there is said to go on."""
    with recorded(folder, COMMAND, "program", DEPLOYMENT):
        assert "on multi_worker_mirrored-2x1: still running" in shown(folder, capsys)


def test_the_cause_is_shown(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that failed says why."""
    with recorded(folder, COMMAND, "program", DEPLOYMENT) as ended:
        ended(7, "worker 1 failed")
    assert "ended with status 7: worker 1 failed" in shown(folder, capsys)


def test_a_killed_run_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run whose launching process is gone without a word is said to be killed."""
    run = RunFolder(tmp_path)
    with recorded(run, COMMAND, "program", DEPLOYMENT):
        pass
    text = shown(run, capsys)
    assert "it was killed before it could write how it ended" in text
    assert "worker 1: reported nothing" in text


@pytest.mark.parametrize("form", [["--markdown"], ["--html", "page.html"], ["--junit", "j.xml"]])
def test_other_forms_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    """There is no page and no table of it: one line, and status 2."""
    with recorded(RunFolder(tmp_path), COMMAND, "program", DEPLOYMENT):
        pass
    assert main(["report", *form, str(tmp_path)]) == 2
    errors = capsys.readouterr().err
    assert errors == (
        f"testbed: {tmp_path}: a launch or check of a program is shown alone and as text:"
        f" testbed report {tmp_path}\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"version": 1}',
        '{"version": 2}',
        '{"version": 1, "command": [], "case": "c", "deployment": "d", "workers": 1e400}',
        '{"version": 1, "command": [], "case": "c", "deployment": "d", "workers": 99999999}',
        "[" * 100_000,
    ],
)
def test_damaged_files_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """What does not say what was run is refused in one line."""
    RunFolder(tmp_path).program.write_text(text)
    assert main(["report", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_damaged_lines_of_the_ledger_are_left_out(
    folder: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ledger that was cut off still tells its whole lines."""
    with folder.case("program").ledger.open("a") as file:
        file.write('[1]\n{"worker": 7, "phase": "x", "after": 1}\n{"worker": 1, "pha')
    with recorded(folder, COMMAND, "program", DEPLOYMENT):
        assert "last phase 'joined'" in shown(folder, capsys)
