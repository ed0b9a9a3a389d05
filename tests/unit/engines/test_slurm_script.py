"""What is asked of Slurm: options of sbatch, and a job as a script."""

from __future__ import annotations

import builtins
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testbed.bootstrap import python_arguments
from testbed.cli.declarations.engine import EngineOptions, SlurmOptions
from testbed.engines import InnerCommand
from testbed.engines.job_files import JobFiles
from testbed.engines.slurm import main, task
from testbed.engines.slurm.request import SlurmRequest, request_of
from testbed.engines.slurm.script import script_of
from testbed.engines.slurm.submit import submit
from testbed.errors import UsageError

WORDS = ("run", "--folder", "/shared/a run", "odd 'name'", "$HOME", "*")


def options(
    time: int | None = None,
    cpus_per_worker: int | None = None,
    export: str | None = None,
    **of_slurm: Any,
) -> EngineOptions:
    slurm = SlurmOptions(**of_slurm)
    return EngineOptions(time=time, cpus_per_worker=cpus_per_worker, export=export, slurm=slurm)


def request(workers: int = 4, gpus: int = 0, folder: str = "/shared/a run", **given: Any) -> Any:
    return request_of(options(**given), InnerCommand(WORDS, folder, workers, gpus))


def test_a_worker_has_a_node_of_its_own() -> None:
    """Without --nodes every worker gets a node."""
    asked = request(4)
    assert (asked.nodes, asked.tasks_per_node) == (4, 1)


def test_workers_share_nodes() -> None:
    """With --nodes the workers are shared out evenly, and a node gives GPUs to each of its own."""
    asked = request(4, gpus=2, nodes=2)
    assert (asked.nodes, asked.tasks_per_node, asked.sbatch["gpus_per_node"]) == (2, 2, 4)


@pytest.mark.parametrize("nodes", [3, 8, -1])
def test_workers_that_cannot_be_shared_out(nodes: int) -> None:
    """A number of nodes that does not divide the workers is refused."""
    with pytest.raises(UsageError, match=f"^--nodes {nodes}: 4 workers cannot be shared out"):
        request(4, nodes=nodes)


def test_cpus_are_told_to_srun_as_well() -> None:
    """CPUs for a worker are asked of sbatch and of srun, which does not take them from it."""
    asked = request(cpus_per_worker=8)
    assert asked.sbatch["cpus_per_task"] == 8
    assert asked.srun == ["--kill-on-bad-exit=1", "--cpus-per-task=8"]


def test_further_options_of_sbatch() -> None:
    """What --sbatch adds goes to sbatch, and comes after what the testbed has asked for."""
    asked = request(time=5, sbatch=["mem-per-cpu=2G", "--exclusive", "time=1:00:00"])
    assert asked.sbatch == {
        "no_requeue": True,
        "time": "1:00:00",
        "mem_per_cpu": "2G",
        "exclusive": True,
    }


@pytest.mark.parametrize("pair", ["=1", "", "a b=1", "x=1\n#SBATCH --y"])
def test_what_is_no_option_of_sbatch(pair: str) -> None:
    """A text that is no option is refused as what it is."""
    with pytest.raises(UsageError, match="not name=value"):
        request(sbatch=[pair])


@pytest.mark.parametrize("pair", ["ntasks=3", "nodes=1", "array=1-3", "requeue"])
def test_what_the_testbed_decides(pair: str) -> None:
    """An option that would change what the testbed follows is refused."""
    with pytest.raises(UsageError, match="the testbed decides that"):
        request(sbatch=[pair])


def commands_of(script: str) -> list[list[str]]:
    """The commands of a script, as its shell would read their words."""
    lines = script.replace("\\\n", "").splitlines()
    return [shlex.split(line) for line in lines if line and not line.startswith("#")]


def test_the_script_runs_the_words() -> None:
    """The script makes the folder and has srun run exactly the words in every task."""
    *folders, srun = commands_of(script_of(request()))
    assert [made[-1] for made in folders] == ["/shared/a run)", "/shared/a run/engine)"]
    assert srun == [
        "srun",
        "--kill-on-bad-exit=1",
        "--output=/shared/a run/engine/worker-%t.out",
        "--error=/shared/a run/engine/worker-%t.err",
        *(sys.executable, "-u", *python_arguments("testbed", *WORDS)),
    ]


def test_the_script_makes_folders_for_one_user(tmp_path: Path) -> None:
    """Whatever the umask, no other user may write to the folders that the script makes."""
    script = script_of(request(folder=str(tmp_path / "a run")))
    made = [line for line in script.splitlines() if line.startswith("(umask ")]
    subprocess.run(["bash", "-c", "\n".join(["umask 0", *made])], check=True)
    modes = [
        path.stat().st_mode & 0o777 for path in (tmp_path / "a run", tmp_path / "a run/engine")
    ]
    assert modes == [0o755, 0o700]


def test_the_script_asks_for_what_was_asked() -> None:
    """What Slurm is asked for stands in the script's first lines, before any command."""
    text = script_of(request(4, gpus=1, nodes=2, partition="fast", account="us", time=30))
    wanted = [line for line in text.splitlines() if line.startswith("#SBATCH ")]
    assert [line.removeprefix("#SBATCH --") for line in wanted] == [
        "job-name=testbed",
        "nodes=2",
        "ntasks-per-node=2",
        "no-requeue",
        "partition=fast",
        "account=us",
        "time=30",
        "gpus-per-node=2",
    ]
    assert text.index("#SBATCH --gpus-per-node=2") < text.index("mkdir")


def test_a_percent_in_the_folder() -> None:
    """A % of the folder's name is none that Slurm would replace."""
    srun = commands_of(script_of(request(folder="/shared/100%t")))[-1]
    assert "--output=/shared/100%%t/engine/worker-%t.out" in srun


def test_bash_can_read_the_script(tmp_path: Path) -> None:
    """The script is one that bash understands, whatever the words."""
    path = tmp_path / "job.sbatch"
    path.write_text(script_of(request(sbatch=["comment=it's $HOME"], cpus_per_worker=2)))
    subprocess.run(["bash", "-n", path], check=True)


def test_export_writes_and_says_how_to_submit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--export writes the script, submits nothing, and says what does."""
    path = tmp_path / "a job.sbatch"
    inner = InnerCommand(WORDS, str(tmp_path), 2)
    assert main(options(export=str(path)), inner) == 0
    assert path.read_text() == script_of(request_of(options(), inner))
    assert capsys.readouterr().out == f"submit it with: sbatch '{path}'\n"


def test_export_refuses_what_is_no_file(tmp_path: Path) -> None:
    """--export is refused where no file can be written."""
    with pytest.raises(UsageError, match=r"^--export .*: not a file in an existing folder"):
        main(options(export=str(tmp_path)), InnerCommand(WORDS, str(tmp_path), 2))


def test_submitit_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without submitit the line says how to get it."""
    really = builtins.__import__

    def refuse(name: str, *more: Any, **named: Any) -> Any:
        if name == "submitit":
            raise ImportError(name)
        return really(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UsageError, match=r"python -m pip install 'tf-scope-testbed\[slurm\]'$"):
        submit(SlurmRequest(("true",), JobFiles(tmp_path), 1, 1))


def test_a_task_becomes_the_command(tmp_path: Path) -> None:
    """A task's output goes to files of its own, without what was printed there before."""
    files = JobFiles(tmp_path)
    files.prepare()
    command = ["/bin/sh", "-c", "echo out; echo err >&2; exit 5"]
    code = (
        "import signal; signal.signal(signal.SIGTERM, lambda *_: None); print('before');"
        f" from {task.__name__} import become; become({command!r}, {str(tmp_path)!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SLURM_PROCID": "3"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (5, "before\n")
    assert (files.out(3).read_text(), files.err(3).read_text()) == ("out\n", "err\n")
