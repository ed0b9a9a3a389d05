"""One cluster from start to end: reports, failures, deadlines."""

import json
import os
import re
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.server.worker_process import WorkerProcess
from tests.process.conftest import Launcher
from tests.soak import later

SHORT = Deadlines(start=1.0, run=1.0)


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_all_report(launcher: Launcher, workers: int) -> None:
    """Every worker reports, in the order of the indices, and nobody complains."""
    end = launcher.run("report", workers)
    assert end.cause == ""
    assert [worker.reported for worker in end.workers] == [True] * workers
    reports = launcher.reports("report", workers)
    assert len({report["pid"] for report in reports}) == workers


def test_own_session(launcher: Launcher) -> None:
    """Each worker leads a session of its own, so that its group can be killed alone."""
    launcher.run("report")
    assert all(report["pid"] == report["session"] for report in launcher.reports("report"))


def test_environment(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker gets its own variables, and none that the launching shell left lying about."""
    monkeypatch.setenv("TF_CONFIG", "another cluster")
    monkeypatch.setenv("http_proxy", "http://proxy.invalid")
    monkeypatch.setenv("KEPT", "yes")
    launcher.run("report", environment={"MINE": "1"})
    environment = launcher.reports("report")[0]["environment"]
    assert "TF_CONFIG" not in environment
    assert "http_proxy" not in environment
    assert (environment["KEPT"], environment["MINE"]) == ("yes", "1")


def test_forked_share_hash_seed(launcher: Launcher) -> None:
    """Forked workers hash strings as their parent does, so all alike."""
    launcher.run("report", 3)
    assert len({report["hash"] for report in launcher.reports("report", 3)}) == 1


def test_fresh_have_their_own_hash_seed(launcher: Launcher) -> None:
    """Fresh workers hash strings each in its own way, as on a real cluster."""
    launcher.run("report", 3, preload=[], fresh=True)
    assert len({report["hash"] for report in launcher.reports("report", 3)}) == 3


def test_one_worker_with_another_hash_seed(launcher: Launcher) -> None:
    """Worker 1 hashes strings otherwise, and the others share their parent's seed."""
    launcher.run("report", 4, other_hash_seed=True)
    first, second, *others = (report["hash"] for report in launcher.reports("report", 4))
    assert others == [first, first]
    assert second != first


@pytest.mark.parametrize("other_hash_seed", [False, True], ids=["forked", "another seed"])
def test_workers_that_are_held(launcher: Launcher, other_hash_seed: bool) -> None:
    """They do nothing until they are released, neither as forks nor as new interpreters."""
    seen: list[list[str]] = []

    async def watch(workers: Sequence[WorkerProcess]) -> None:
        for worker in workers[1:]:
            worker.held = True
        while not (workers[0].reached("joined") and workers[1].reached("forked")):
            await workers[0].until_changed()
        seen.extend([each["phase"] for each in worker.phases] for worker in workers[1:])
        workers[1].release(0.0)
        await workers[1].until_reached("joined", 1)

    end = launcher.run("report", held=True, watch=watch, other_hash_seed=other_hash_seed)
    assert seen == [["forked"]]
    assert end.cause == ""


@pytest.mark.parametrize(
    "fresh",
    [pytest.param(False, id="forked"), later(True, name="fresh")],
)
@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("end_by_signal", "killed by SIGSEGV"),
        ("leave_without_a_word", "exit code 0, without a report"),
        ("leave_by_sys_exit", "exit code 1 (it left by sys.exit('I am done'))"),
        ("raise_an_error", "exit code 1 (ValueError: worker 1 does not like this)"),
        ("report_what_is_no_json", "exit code 1 (TypeError: Object of type lock is not JSON"),
        ("speak_nonsense", "exit code 3 (something else wrote to its channel: b'[1, 2')"),
    ],
)
def test_early_end(launcher: Launcher, program: str, how: str, fresh: bool) -> None:
    """A worker that ends before it reported is the cause; that its peer still waits is not."""
    end = launcher.run(program, fresh=fresh)
    assert re.match(
        rf"worker 1 ended after \d+\.\d s in phase 'joined': {re.escape(how)}", end.cause
    )
    assert not end.workers[1].reported


def test_error_is_in_the_log(launcher: Launcher) -> None:
    """The traceback of a worker that raised stands in its own log."""
    launcher.run("raise_an_error")
    assert "ValueError: worker 1 does not like this" in launcher.log("raise_an_error", 1)
    assert "ValueError" not in launcher.log("raise_an_error", 0)


def test_segmentation_fault_is_in_the_log(launcher: Launcher) -> None:
    """A crash in C leaves the Python line that led to it."""
    launcher.run("end_by_signal")
    assert "Segmentation fault" in launcher.log("end_by_signal", 1)
    assert "in end_by_signal" in launcher.log("end_by_signal", 1)


def test_start_deadline_names_the_absent(launcher: Launcher) -> None:
    """When the start deadline passes, the first complaint is about who has not joined."""
    end = launcher.run("one_never_joins", 3, deadlines=SHORT)
    assert end.missed_deadline == "start"
    odd, _, others = end.cause.partition("; ")
    assert odd.startswith("worker 1 has not joined and is in phase 'thinking', at programs.py:")
    assert odd.endswith(" in one_never_joins")
    assert others == "workers 0, 2 have reported"
    assert SHORT.start <= end.seconds < SHORT.start + 5.0


def test_run_deadline_says_where(launcher: Launcher) -> None:
    """When the run deadline passes, whoever has not reported is named with its line."""
    end = launcher.run("one_never_reports", deadlines=SHORT)
    assert end.missed_deadline == "run"
    odd, _, others = end.cause.partition("; ")
    assert odd.startswith("worker 1 is in phase 'step 3', at programs.py:")
    assert others == "worker 0 has reported"


def test_hang_names_who_lags_behind(launcher: Launcher) -> None:
    """Of four workers that hang, the one that has not entered the collective is first."""
    end = launcher.run("one_lags_behind", 4, deadlines=SHORT)
    assert re.fullmatch(
        r"worker 1 is in phase 'step 3', at programs.py:\d+ in one_lags_behind,"
        r" and has not entered step 3's collective;"
        r" workers 0, 2, 3 wait in it, at programs.py:\d+ in one_lags_behind",
        end.cause,
    )


def test_stacks_end_nobody(launcher: Launcher) -> None:
    """Workers that showed their stacks go on: none has ended when the time is over."""
    end = launcher.run("one_lags_behind", 4, deadlines=SHORT)
    assert [worker.status for worker in end.workers] == [None] * 4
    assert all(worker.place.known for worker in end.workers)


def test_stopped_worker_is_named(launcher: Launcher) -> None:
    """A worker that cannot show a stack is named as that, and is ended all the same."""
    end = launcher.run("ignore_everything", deadlines=SHORT)
    odd, _, _ = end.cause.partition("; ")
    assert odd.startswith("worker 1 is in phase 'joined', without a stack to show (stopped")
    assert end.seconds < 1.0 + 5.0


def test_ledger_is_kept(launcher: Launcher) -> None:
    """Every phase of every worker stands in the ledger, with its time, in the order of times."""
    end = launcher.run("count_steps", 3)
    steps = [f"step {number}" for number in range(1, 11)]
    lines = launcher.folder.case("count_steps").ledger.read_text().splitlines()
    told = [json.loads(line) for line in lines]
    for worker in range(3):
        mine = [line for line in told if line["worker"] == worker]
        assert [line["phase"] for line in mine] == ["forked", "joined", *steps, "reported"]
        assert [line["after"] for line in mine] == sorted(line["after"] for line in mine)
        assert [told.phase for told in end.workers[worker].ledger] == [
            line["phase"] for line in mine
        ]


@pytest.mark.parametrize("program", ["print_too_much", "print_for_ever"])
def test_too_much_output(launcher: Launcher, program: str) -> None:
    """A worker that prints more than it may is ended for that, and its log keeps both ends."""
    end = launcher.run(program)
    assert end.cause.startswith("worker 1 was ended after")
    assert end.cause.endswith("it printed more than 64 MiB")
    log = launcher.folder.case(program).log(1)
    assert log.stat().st_size < 3 * 2**20
    assert "bytes are left out here" in launcher.log(program, 1)


def test_out_of_memory_is_told(launcher: Launcher, memory_group: Path) -> None:
    """Of a worker that the kernel killed for its memory, the kernel's counters tell."""
    end = launcher.run("use_up_memory", group=str(memory_group))
    assert "in phase 'joined': killed by SIGKILL; the kernel's out-of-memory killer" in end.cause


def test_other_kills_are_not_called_out_of_memory(launcher: Launcher) -> None:
    """A worker that somebody killed is not said to have used up the memory."""
    end = launcher.run("leave_shared_memory")
    assert end.cause.endswith("killed by SIGKILL")


@pytest.fixture
def memory_group() -> Iterator[Path]:
    """A control group of 64 MiB."""
    for root, limit in (("memory", "memory.limit_in_bytes"), ("", "memory.max")):
        group = Path("/sys/fs/cgroup", root, f"testbed-{os.getpid()}")
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(64 * 2**20))
            yield group
            return
        except OSError:
            continue
        finally:
            group.rmdir()
    pytest.skip("no control group with a memory limit can be made here")


def test_deadline_is_kept(launcher: Launcher) -> None:
    """A hang costs no more than its deadline plus five seconds."""
    assert launcher.run("one_never_reports", deadlines=SHORT).seconds < 1.0 + 5.0


@pytest.mark.parametrize("worker", [0, 1])
def test_who_lingers_is_ended(launcher: Launcher, worker: int) -> None:
    """A worker that has reported and does not leave when it may keeps nobody for long."""
    end = launcher.run("linger", lingering=worker)
    assert end.cause == ""
    assert end.seconds < 4.0


def test_who_cannot_be_killed_holds_nobody(
    launcher: Launcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that the kernel holds, as in a driver, is named, and the run goes on without it."""
    # As good as a driver that hangs: the server does not kill.
    patch = (
        "from testbed.launcher.machine import process_tree\n"
        "process_tree.kill_worker = lambda pid: None\n"
    )
    (tmp_path / "sitecustomize.py").write_text(patch)
    root = str(Path(__file__).resolve().parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), root]))
    end = launcher.run("one_never_reports", deadlines=SHORT)
    assert end.cause.endswith("; worker 1 cannot even be killed: the kernel holds it, in a driver")
    assert end.seconds < 1.0 + 5.0


def test_much_output(launcher: Launcher) -> None:
    """Twenty megabytes of output neither block a worker nor get lost."""
    end = launcher.run("print_much")
    assert end.cause == ""
    assert launcher.log("print_much", 0).count("\n") == 20_000


def test_status_is_of_the_worker(launcher: Launcher) -> None:
    """The status of a crashed worker is the one that the kernel gave."""
    end = launcher.run("end_by_signal")
    status = end.workers[1].status
    assert status is not None
    assert os.WTERMSIG(status) == signal.SIGSEGV
