"""One cluster from start to end: reports, failures, deadlines."""

import os
import signal

import pytest

from testbed.launch.cluster_run import Deadlines
from tests.process.conftest import Launcher

SHORT = Deadlines(start=1.0, run=1.0)


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_all_report(launcher: Launcher, workers: int) -> None:
    """Every worker reports, in the order of the indices, and nobody complains."""
    end = launcher.run("report", workers)
    assert end.complaints == []
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


@pytest.mark.parametrize("fresh", [False, True], ids=["forked", "fresh"])
@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("end_by_signal", "killed by SIGSEGV"),
        ("leave_without_a_word", "exit code 0"),
        ("leave_by_sys_exit", "exit code 1"),
        ("raise_an_error", "exit code 1"),
    ],
)
def test_early_end(launcher: Launcher, program: str, how: str, fresh: bool) -> None:
    """A worker that ends before it reported is the cause; that its peer still waits is not."""
    end = launcher.run(program, fresh=fresh)
    assert end.complaints[0] == f"worker 1 ended in phase 'joined': {how}"
    assert [worker.reported for worker in end.workers] == [False, False]


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
    assert end.overdue == "start"
    assert end.complaints[0].startswith("worker 1 stayed in phase 'thinking', at programs.py:")
    assert end.complaints[0].endswith(" in one_never_joins")


def test_run_deadline_says_where(launcher: Launcher) -> None:
    """When the run deadline passes, whoever has not reported is named with its line."""
    end = launcher.run("one_never_reports", deadlines=SHORT)
    assert end.overdue == "run"
    assert end.workers[0].complaint == ""
    (complaint,) = end.complaints
    assert complaint.startswith("worker 1 stayed in phase 'step 3', at programs.py:")


def test_deadline_is_kept(launcher: Launcher) -> None:
    """A hang costs no more than its deadline plus five seconds."""
    assert launcher.run("one_never_reports", deadlines=SHORT).seconds < 1.0 + 5.0


def test_much_output(launcher: Launcher) -> None:
    """Twenty megabytes of output neither block a worker nor get lost."""
    end = launcher.run("print_much")
    assert end.complaints == []
    assert launcher.log("print_much", 0).count("\n") == 20_000


def test_status_is_of_the_worker(launcher: Launcher) -> None:
    """The status of a crashed worker is the one that the kernel gave."""
    end = launcher.run("end_by_signal")
    status = end.workers[1].status
    assert status is not None
    assert os.WTERMSIG(status) == signal.SIGSEGV
