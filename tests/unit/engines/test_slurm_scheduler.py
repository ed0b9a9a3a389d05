"""What Slurm's commands say, as the testbed understands it."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.engines.job_files import JobFiles
from testbed.engines.slurm import scheduler
from testbed.engines.slurm.scheduler import Answer, run_command
from testbed.engines.slurm.submit import SlurmJob, submitit_folder
from testbed.errors import LaunchError
from tests.unit.engines.played_slurm import NOT_KNOWN, NOT_THERE, PlayedSlurm, record_of


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("PENDING|None||N/A", "waiting"),
        ("PENDING|Resources||N/A", "waiting (Resources)"),
        (
            "PENDING|Priority||2026-11-26T13:28:10",
            "waiting (Priority), expected to start at 2026-11-26 13:28",
        ),
        ("RUNNING|None|n[1-2]|2026-11-26T13:28:10", "running on n[1-2]"),
        ("COMPLETING|None|n1|2026-11-26T13:28:10", "completing on n1"),
        ("REQUEUE_HOLD|None||N/A", "requeue hold"),
    ],
)
def test_a_job_in_the_queue(line: str, text: str) -> None:
    """A job that is in the queue is not over, and told in words of the queue."""
    played = PlayedSlurm(line)
    state = played.scheduler.job_state("17")
    assert (state.over, state.text) == (False, text)
    assert len(played.calls) == 1


@pytest.mark.parametrize(
    ("state", "code", "text"),
    [
        ("COMPLETED", "0:0", "completed"),
        ("FAILED", "3:0", "failed, exit code 3"),
        ("FAILED", "0:9", "failed, signal 9"),
        ("CANCELLED", "0:15", "cancelled"),
        ("TIMEOUT", "0:0", "timed out"),
        ("OUT_OF_MEMORY", "0:125", "out of memory"),
        ("NODE_FAIL", "0:0", "failed, a node was lost"),
    ],
)
def test_a_job_that_has_left_the_queue(state: str, code: str, text: str) -> None:
    """How a job has ended is what the controller remembers, in words."""
    told = PlayedSlurm("", record=record_of(state, code)).scheduler.job_state("17")
    assert (told.over, told.text) == (True, text)


def test_a_queue_that_hides_a_job() -> None:
    """A job that the queue does not show, as some are set up, is not over while it runs."""
    told = PlayedSlurm("", record=record_of("RUNNING")).scheduler.job_state("17")
    assert (told.over, told.text) == (False, "running on n[1-2]")


def test_a_job_that_nobody_knows() -> None:
    """A job that neither the queue nor the controller knows is over; accounting is not asked."""
    played = PlayedSlurm(NOT_KNOWN)
    assert played.scheduler.job_state("17").over
    assert not any(call.startswith("sacct") for call in played.calls)


def test_a_controller_that_does_not_answer() -> None:
    """That Slurm cannot be asked is not taken for the end of a job."""
    with pytest.raises(LaunchError, match=r"^squeue: .*Unable to contact slurm controller"):
        PlayedSlurm(NOT_THERE).scheduler.job_state("17")


def test_hosts_stay_in_the_order_of_slurm() -> None:
    """A list of hosts is expanded by Slurm, and neither sorted nor taken apart here."""
    others = {"scontrol show hostnames rack[1-2]n[9-10]": Answer(0, "r1n9\nr1n10\nr2n9\nr2n10\n")}
    names = PlayedSlurm("", others=others).scheduler.hostnames("rack[1-2]n[9-10]")
    assert names == ["r1n9", "r1n10", "r2n9", "r2n10"]


def test_the_addresses_of_nodes() -> None:
    """Nodes have the addresses that Slurm reaches them by, in the order of their names' list."""
    told = "".join(
        f"NodeName={node} Arch=x86_64  NodeAddr=10.1.2.{number} NodeHostName=host \n"
        for number, node in enumerate(("r1n10", "r1n9", "elsewhere"))
    )
    others = {
        "scontrol --oneliner show node r1n[9-10]": Answer(0, told),
        "scontrol show hostnames r1n[9-10]": Answer(0, "r1n9\nr1n10\n"),
    }
    found = PlayedSlurm("", others=others).scheduler.addresses("r1n[9-10]")
    assert list(found.items()) == [("r1n9", "10.1.2.1"), ("r1n10", "10.1.2.0")]


def test_a_node_that_is_not_there() -> None:
    """A node that Slurm does not know is told in the words of Slurm."""
    others = {"scontrol --oneliner show node": Answer(1, "Node n9 not found\n")}
    with pytest.raises(LaunchError, match=r"^scontrol: Node n9 not found$"):
        PlayedSlurm("", others=others).scheduler.addresses("n9")


def test_cancelling_what_is_over() -> None:
    """That a job cannot be cancelled any more is no problem once it is over."""
    refused = {"scancel": Answer(1, "", "scancel: error: Kill job error on job id 17\n")}
    PlayedSlurm("", record=record_of("COMPLETED"), others=refused).scheduler.cancel("17")
    with pytest.raises(LaunchError, match=r"Kill job error.*; end it yourself: scancel 17"):
        PlayedSlurm("RUNNING|None|n1|N/A", others=refused).scheduler.cancel("17")


def test_no_slurm() -> None:
    """Where there is no such command the line says where to go."""
    with pytest.raises(LaunchError, match=r"^no Slurm here: there is no squeue-17; "):
        run_command(["squeue-17"])


def test_a_command_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that does not answer is given up."""
    monkeypatch.setattr(scheduler, "COMMAND_S", 0.1)
    with pytest.raises(LaunchError, match=r"^sleep has not answered"):
        run_command(["sleep", "30"])


def test_commands_are_run() -> None:
    """A command's status and what it prints come back; its last complaint is what is told."""
    answer = run_command(["sh", "-c", "echo out; echo first >&2; echo last >&2; exit 3"])
    assert (answer.status, answer.out, answer.complaint) == (3, "out\n", "last")


def job(folder: Path, played: PlayedSlurm, log: str = "") -> SlurmJob:
    files = JobFiles(folder)
    submitit_folder(files).mkdir(parents=True)
    (submitit_folder(files) / "17_0_log.err").write_text(log)
    return SlurmJob("17", files, played.scheduler)


def test_a_job_tells_who_failed_first(tmp_path: Path) -> None:
    """The end of a job names the task that srun saw failing first, and what that one said."""
    log = (
        "srun: error: n2: task 1: Exited with exit code 3\n"
        "srun: launch/slurm: _step_signal: Terminating StepId=1.0\n"
        "slurmstepd-n1: error: *** STEP 1.0 ON n1 CANCELLED ***\n"
        "srun: error: n1: task 0: Terminated\n"
    )
    failed = job(tmp_path, PlayedSlurm("", record=record_of("FAILED", "143:0")), log)
    assert failed.state().text == "failed (n2: task 1: Exited with exit code 3)"
    JobFiles(tmp_path).err(1).write_text("Traceback:\nValueError: no\n\n")
    assert failed.state().text == "failed (n2: task 1: Exited with exit code 3; ValueError: no)"


def test_a_job_that_never_became_the_command(tmp_path: Path) -> None:
    """What kept a task from running the command is told, and not what others have printed."""
    log = (
        "submitit WARNING (2026-11-26 13:41:14,000) - careful\n"
        "ModuleNotFoundError: no testbed\n"
        "srun: error: n1: task 0: Exited with exit code 1\n"
    )
    failed = job(tmp_path, PlayedSlurm("", record=record_of("FAILED", "1:0")), log)
    assert failed.state().text == (
        "failed (n1: task 0: Exited with exit code 1; ModuleNotFoundError: no testbed)"
    )


def test_a_job_without_a_log(tmp_path: Path) -> None:
    """Where nobody has said anything, what Slurm says is all."""
    state = job(tmp_path, PlayedSlurm("", record=record_of("FAILED", "1:0"))).state()
    assert state.text == "failed, exit code 1"


def test_a_job_that_is_cancelled(tmp_path: Path) -> None:
    """A job that is cancelled is over, and its log is of no interest."""
    played = PlayedSlurm("RUNNING|None|n1|N/A")
    cancelled = job(tmp_path, played, "srun: error: n1: task 0: Terminated\n")
    assert not cancelled.state().over
    cancelled.cancel()
    assert cancelled.state().text == "cancelled"
    assert "scancel 17" in played.calls
