"""The folder of a run: whole files, locks, and which runs are kept."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from testbed.errors import UsageError
from testbed.launcher.run_folder import (
    KEPT_RUNS,
    RunFolder,
    is_running,
    new_run_folder,
    write_json,
    write_text,
)
from tests.unit.builders import WORKERS_2X2, case_of

HOSTILE = (
    "../../etc/passwd",
    "..",
    "a b\tc\nd",
    "a*?;$(rm)'\"[in_scope]",
    "zähler.zähler",
    "no\udcfftext.no\udcfftext",
    case_of(deployment=WORKERS_2X2).id,
)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / ".testbed" / "runs"


def old_runs(runs: Path, count: int) -> list[Path]:
    made = [runs / f"20200101-{index:06}-abcd" for index in range(count)]
    for run in made:
        run.mkdir(parents=True)
        (run / "lock").touch()
    return made


def test_write_json_writes_what_json_reads(tmp_path: Path) -> None:
    """What is written is read back alike, and nothing else is left in the folder."""
    path = tmp_path / "run.json"
    write_json(path, {"cases": [1, "ü", None]})
    assert json.loads(path.read_text(encoding="utf-8")) == {"cases": [1, "ü", None]}
    assert list(tmp_path.iterdir()) == [path]


def test_data_that_is_no_json_leaves_the_old_file(tmp_path: Path) -> None:
    """Data that JSON does not know is refused before anything is touched."""
    path = tmp_path / "run.json"
    write_json(path, "old")
    with pytest.raises(TypeError):
        write_json(path, object())
    assert json.loads(path.read_text(encoding="utf-8")) == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that breaks off half-way leaves the whole old file under the name."""
    path = tmp_path / "run.json"
    write_json(path, "old")

    def write_half(file: Path, data: bytes) -> int:
        with file.open("wb") as half:
            half.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="No space left") as problem:
        write_json(path, "a new and longer text")
    assert json.loads(path.read_bytes()) == "old"
    assert problem.value.filename == str(path)
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of a write leaves no part of a file."""

    def interrupted(file: Path, data: bytes) -> int:
        file.touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_json(tmp_path / "run.json", "new")
    assert list(tmp_path.iterdir()) == []


def test_a_file_may_have_the_longest_name(tmp_path: Path) -> None:
    """A name as long as the file system allows can be written to."""
    path = tmp_path / ("x" * 255)
    write_json(path, "new")
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_text_is_written_as_text(tmp_path: Path) -> None:
    """A file name of other bytes than text becomes what every reader of JSON can read and print."""
    path = tmp_path / "run.json"
    write_json(path, {"script": "a\udcff.py", "smile": "\U0001f600", "typed": "\\udcff"})
    read = json.loads(path.read_bytes())
    assert read == {"script": "a\\udcff.py", "smile": "\U0001f600", "typed": "\\udcff"}
    write_text(path, "a\udcff.py")
    assert path.read_text(encoding="utf-8") == "a\\udcff.py"


def test_the_file_appears_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is given to a file that is complete, in the same folder, and not before."""
    path = tmp_path / "run.json"
    drafts: list[Path] = []
    replace = Path.replace

    def watched(draft: Path, target: Path) -> Path:
        assert not target.exists()
        assert json.loads(draft.read_bytes()) == "new"
        drafts.append(draft)
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", watched)
    write_json(path, "new")
    assert [draft.parent for draft in drafts] == [tmp_path]
    assert json.loads(path.read_bytes()) == "new"


def test_a_run_folder_knows_its_files(tmp_path: Path) -> None:
    """A run's id is its folder's name, and all its files lie inside."""
    folder = RunFolder(tmp_path / "20200101-000000-abcd")
    assert folder.id == "20200101-000000-abcd"
    case = folder.case("ways.counter[in_scope,eager]@default")
    files = [folder.record, folder.environment, case.log(1), case.report(1), case.stacks(1)]
    assert len(set(files)) == 5
    assert all(file.is_relative_to(folder.path) for file in files)
    assert case.log(0) != case.log(1)


@pytest.mark.parametrize("case_id", HOSTILE)
def test_a_hostile_case_id_stays_in_its_folder(tmp_path: Path, case_id: str) -> None:
    """Whatever a case is called, its folder is one folder deep among the run's cases."""
    folder = RunFolder(tmp_path / "run").case(case_id).path
    assert folder.is_dir()
    assert folder.resolve().parent == (tmp_path / "run" / "cases").resolve()


def test_a_case_of_a_long_name_has_a_folder(tmp_path: Path) -> None:
    """A script's name may be as long as a file's, and its cases still have folders."""
    case = case_of(f"{'long' * 60}.counter", deployment=WORKERS_2X2)
    assert RunFolder(tmp_path / "run").case(case.id).path.is_dir()


@pytest.mark.parametrize(
    ("one", "other"), [("my step", "my-step"), ("zähler", "zöhler"), ("a+b", "a&b")]
)
def test_two_cases_never_share_a_folder(tmp_path: Path, one: str, other: str) -> None:
    """Cases of different scripts have different folders, however alike their names are."""
    folder = RunFolder(tmp_path / "run")
    first, second = (folder.case(case_of(f"{script}.counter").id) for script in (one, other))
    assert first.path != second.path


def test_a_run_is_running_inside_its_block_only(runs: Path) -> None:
    """A run is seen as running as long as its block lasts, and its folder stays afterwards."""
    with new_run_folder(runs) as folder:
        assert folder.path.parent == runs
        assert is_running(folder.path)
    assert not is_running(folder.path)
    assert folder.path.is_dir()


def test_looking_at_a_finished_run_does_not_start_it(runs: Path) -> None:
    """Asking twice whether a run goes on gives one answer."""
    (run,) = old_runs(runs, 1)
    assert [is_running(run), is_running(run)] == [False, False]


def test_a_folder_without_a_lock_is_not_running(tmp_path: Path) -> None:
    """A folder that no run has locked is not one that goes on."""
    assert not is_running(tmp_path)


def test_two_runs_have_two_folders(runs: Path) -> None:
    """Runs that begin in one second do not meet in one folder."""
    with new_run_folder(runs) as one, new_run_folder(runs) as other:
        assert one.path != other.path
        assert is_running(one.path)
        assert is_running(other.path)


def test_only_the_newest_finished_runs_are_kept(runs: Path) -> None:
    """A new run removes all finished ones but the newest KEPT_RUNS."""
    old = old_runs(runs, KEPT_RUNS + 3)
    with new_run_folder(runs) as folder:
        assert sorted(runs.iterdir()) == [*old[3:], folder.path]


@pytest.mark.parametrize("ahead", ["20991231-235959-ffff", "20990101-000000-abcd"])
def test_a_clock_that_jumps_back_makes_no_run_older(runs: Path, ahead: str) -> None:
    """A new run comes after all that are there, so that it is not taken for the oldest."""
    (runs / ahead).mkdir(parents=True)
    (runs / ahead / "lock").touch()
    with new_run_folder(runs) as first:
        pass
    with new_run_folder(runs) as second:
        assert ahead < first.id < second.id
    old_runs(runs, KEPT_RUNS)
    with new_run_folder(runs) as third:
        kept = {run.name for run in runs.iterdir()}
    assert {ahead, first.id, second.id, third.id} <= kept


def test_a_folder_that_is_no_run_s_tells_no_time(runs: Path) -> None:
    """A name that is no date, or one after which there is none, does not stop a run."""
    for name in ("notes", "99999999-999999-abcd", "99991231-235959-abcd"):
        (runs / name).mkdir(parents=True)
    with new_run_folder(runs) as folder:
        assert folder.id < "2100"


def test_few_runs_are_all_kept(runs: Path) -> None:
    """As long as there are no more than KEPT_RUNS, none is removed."""
    old = old_runs(runs, KEPT_RUNS)
    with new_run_folder(runs) as folder:
        assert sorted(runs.iterdir()) == [*old, folder.path]


def test_a_running_run_is_never_removed(runs: Path) -> None:
    """However many runs came after it, a run that goes on keeps its folder."""
    with new_run_folder(runs) as first:
        # Named as if it were the oldest of all.
        aged = first.path.rename(runs / "10000101-000000-abcd")
        old_runs(runs, KEPT_RUNS + 1)
        with new_run_folder(runs):
            assert aged.is_dir()
            assert len(list(runs.iterdir())) == KEPT_RUNS + 2


def test_the_folder_keeps_itself_out_of_git(runs: Path) -> None:
    """Whoever runs the testbed in a repository need not ignore its folder by hand."""
    with new_run_folder(runs):
        assert (runs.parent / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    """Where a run folder cannot be made, the error names the place and what to do."""
    (tmp_path / ".testbed").write_text("in the way")
    with (
        pytest.raises(UsageError, match="change to a folder that you may write to") as problem,
        new_run_folder(tmp_path / ".testbed" / "runs"),
    ):
        pytest.fail("there is no folder to run in")
    assert str(tmp_path) in str(problem.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any folder")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    """Where nothing may be written, the error says so instead of showing a traceback."""
    tmp_path.chmod(0o500)
    with (
        pytest.raises(UsageError, match="Permission denied"),
        new_run_folder(tmp_path / ".testbed" / "runs"),
    ):
        pytest.fail("there is no folder to run in")
