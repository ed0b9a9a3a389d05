"""What a machine carries: the limit that fewest workers fit, and what is refused by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.cli.main import main
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.errors import UsageError
from testbed.launcher.machine import capacity, descriptors, memory
from testbed.launcher.machine.capacity import limit_of, require_room
from testbed.run.room import most_at_once, require_room_for

GIB = 2**30


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine of 8 GiB where everything else is plenty."""
    monkeypatch.setattr(capacity, "available", lambda: 8 * GIB)
    monkeypatch.setattr(capacity, "_task_limits", lambda: [("kernel.pid_max", 4_000_000, 400)])
    monkeypatch.setattr(descriptors, "most", lambda: 100_000)
    return monkeypatch


def refusal(asked: str, *workers: int, **more: int | bool) -> str:
    with pytest.raises(UsageError) as refused:
        require_room(asked, *workers, **more)  # type: ignore[arg-type]
    return str(refused.value)


def test_memory_limits() -> None:
    """What is available, divided by what each worker takes at least, is refused beyond."""
    require_room("--workers 128", 128)
    told = refusal("--workers 129", 129)
    assert told == (
        "--workers 129: at most 128 workers fit this machine at once: 8.0 GiB of memory are"
        " available, and a worker takes 64 MiB or more"
    )


def test_new_interpreters_take_more() -> None:
    """Workers that share nothing with the server take more memory each."""
    assert limit_of(fresh=True).most == 8 * 1024 // 200


def test_replicas_take_memory() -> None:
    """Too many replicas in one worker are refused, with the most that it can have."""
    told = refusal("--replicas 99999999", 1, 99_999_999)
    assert told.startswith("--replicas 99999999: at most 11612 replicas a worker fit this machine")
    require_room("", 1, 11612)


def test_descriptors_limit(machine: pytest.MonkeyPatch) -> None:
    """The launching process's own descriptors are counted, those that are open included."""
    machine.setattr(descriptors, "most", lambda: 40)
    machine.setattr(descriptors, "in_use", lambda: 6)
    told = refusal("--workers 20", 20)
    assert told.startswith("--workers 20: at most 5 workers fit this machine at once: a process")
    assert "may have 40 open files (ulimit -n)" in told
    require_room("", 5)


def test_processes_limit(machine: pytest.MonkeyPatch) -> None:
    """A limit of processes counts threads, those that run already included."""
    limits = [("kernel.pid_max", 32768, 400), ("ulimit -u", 4096, 96)]
    machine.setattr(capacity, "_task_limits", lambda: limits)
    told = refusal("--workers 41", 41)
    assert told == (
        "--workers 41: at most 40 workers fit this machine at once: ulimit -u is 4096, which leaves"
        " room for 4000 processes and threads, and a worker has 100 or more"
    )


def test_nothing_fits(machine: pytest.MonkeyPatch) -> None:
    """A machine that has no room for a single worker says so, too."""
    machine.setattr(capacity, "available", lambda: 0)
    assert "at most 0 workers fit" in refusal("--workers 1", 1)


def test_servers_are_counted() -> None:
    """A chief and its server are processes beside the workers, and leave room for fewer."""
    require_room_for([Deployment("parameter_server", Cluster(126))])
    with pytest.raises(UsageError, match="--workers 127: at most 126 workers fit"):
        require_room_for([Deployment("parameter_server", Cluster(127))])


def test_cases_side_by_side() -> None:
    """So many clusters run side by side as fit together, and one at least."""
    clusters = [Deployment("multi_worker_mirrored", Cluster(number)) for number in (1, 40)]
    assert most_at_once(clusters) == 3
    assert most_at_once([Deployment("multi_worker_mirrored", Cluster(5000))]) == 1
    with pytest.raises(UsageError, match=r"-j 4 with .*-40x1: at most 128 workers fit"):
        require_room_for(clusters, asked="-j 4 with multi_worker_mirrored-40x1", at_once=4)


@pytest.mark.parametrize(
    "words",
    [
        "launch --workers 99999999 SCRIPT",
        "launch --workers 1 --replicas 99999999 SCRIPT",
        "launch --fresh --workers 99999999 SCRIPT",
        "check --workers 99999999 SCRIPT",
        "check --replicas 99999999 SCRIPT",
        "run --workers 99999999",
        "run --replicas 99999999",
        "run --workers 99999999 --strategy parameter_server",
        "run --workers 40 -j 9 --strategy multi_worker_mirrored module_global",
        "chaos --workers 99999999 module_global",
        "bench wire --workers 99999999",
    ],
)
def test_every_command_refuses(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command refuses what does not fit in one line, before it makes anything."""
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "script.py"
    script.write_text("")
    assert main([str(script) if word == "SCRIPT" else word for word in words.split()]) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert "fit this machine at once: " in line
    assert list(tmp_path.iterdir()) == [script]


def test_a_control_group_s_room(tmp_path: Path) -> None:
    """A control group has room for what its limit leaves, and for files that it can drop."""
    for name, text in (
        ("memory.max", "1000000\n"),
        ("memory.current", "700000\n"),
        ("memory.stat", "anon 1\ninactive_file 100000\nactive_file 50000\n"),
    ):
        (tmp_path / name).write_text(text)
    two = ("memory.max", "memory.current", "")
    assert memory._room_of(tmp_path, *two) == 450_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._room_of(tmp_path, *two) is None
    assert memory._room_of(tmp_path / "no such group", *two) is None
