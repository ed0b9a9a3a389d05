"""`testbed.launch`: functions that fail, hang, or return what cannot be passed on."""

from __future__ import annotations

import asyncio
import os
import re
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import testbed
from testbed.run import servers as run_servers
from tests.distributed.conftest import Done
from tests.distributed.launch_scripts import HEAD, MEETS, SCRIPT, TRIES, returned
from tests.distributed.shared_servers import SharedServers
from tests.soak import later

InProcess = Callable[[str], Done]


@pytest.fixture
def in_process(
    servers: SharedServers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> InProcess:
    """Runs a script as `__main__` in this process, on a server that other tests use, too."""
    monkeypatch.setattr(run_servers, "preloaded_server", servers.lend)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def run(script: str) -> Done:
        (tmp_path / SCRIPT).write_text(script)
        monkeypatch.setattr(sys, "argv", [SCRIPT])
        capfd.readouterr()
        runpy.run_path(SCRIPT, run_name="__main__")
        return Done(0, *capfd.readouterr(), tmp_path)

    return run


@pytest.mark.parametrize(
    ("how", "told", "trace"),
    [
        pytest.param(
            "e = ValueError('boom\\\\nmore'); e.__notes__ = ['note']; raise e",
            "failed after N s: ValueError: boom;",
            True,
            id="raises",
        ),
        pytest.param(
            "raise ValueError('x' * 2**25)",
            "failed after N s: ValueError: xxx",
            True,
            id="raises much",
        ),
        pytest.param("os._exit(0)", "exit code 0, without a report;", False, id="leaves"),
        later("sys.exit(3)", "exit code 3 (it left by sys.exit(3));", False, name="exits"),
        later("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL", False, name="is killed"),
        later("os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV", False, name="crashes"),
        later("raise KeyboardInterrupt", "s: KeyboardInterrupt;", True, name="is interrupted"),
    ],
)
def test_the_first_failure_is_raised(
    in_process: InProcess, how: str, told: str, trace: bool
) -> None:
    """Who failed first, how and where stands in the error; peers that wait for it are ended."""
    script = (
        HEAD
        + MEETS
        + TRIES.format(f'meet, show=False, args=("""{how}""",)')
        + "json.dumps([str(e), e.worker, e.traceback]))"
    )
    text, worker, traceback = returned(in_process(script))
    first = re.sub(r"after \d+\.\d s", "after N s", text.splitlines()[0])
    assert first.startswith("worker 1 ")
    assert told in first
    assert "; logs: /" in first
    assert worker == 1
    assert bool(traceback) == trace
    assert len(text) < 30_000
    if trace:
        assert text.endswith(traceback.rstrip())
        files = [line for line in traceback.splitlines() if line.startswith("  File")]
        line = script.splitlines().index("        exec(how)") + 1
        assert len(files) == 2, "the user's own frames, and none of ours"
        assert f'own script.py", line {line}, in meet' in files[0]


def test_a_hang_is_explained(in_process: InProcess) -> None:
    """When the time is over, who keeps whom waiting is told."""
    script = (
        HEAD
        + MEETS
        + TRIES.format("meet, args=('threading.Event().wait()',), timeout=8, show=False")
        + "e, e.worker)"
    )
    began = time.monotonic()
    done = in_process(script)
    assert time.monotonic() - began < 55
    assert "worker 1 is in phase 'joined', at " in done.output
    assert "step 2's collective; worker 0 is in it, at own script.py:" in done.output
    assert done.output.endswith(" None\n")


def test_who_does_not_join_is_named(in_process: InProcess) -> None:
    """From when the first worker makes its strategy, the others have so long to come."""
    script = (
        HEAD
        + MEETS.replace(
            "    strategy", "    if worker() == 1: threading.Event().wait()\n    strategy", 1
        )
        + TRIES.format("meet, start_timeout=2, show=False")
        + "e)"
    )
    began = time.monotonic()
    assert "worker 1 has not joined and is in phase 'started'" in in_process(script).output
    assert time.monotonic() - began < 55


@pytest.mark.parametrize(
    ("returns", "told"),
    [
        ("{'model': [threading.Lock()]}", 'result["model"][0] is of type _thread lock; valid are'),
        ("os.urandom(2**24)", "worker 1 reported 21 MiB; at most 16 MiB: claim or return less"),
    ],
    ids=["type", "size"],
)
def test_what_cannot_come_back(in_process: InProcess, returns: str, told: str) -> None:
    """A result that cannot be passed on is named, with its place in what was returned."""
    script = (
        HEAD
        + f"def give():\n    return None if worker() == 0 else {returns}\n"
        + TRIES.format("give")
        + "e, e.worker)"
    )
    done = in_process(script)
    assert done.output.startswith("worker 1 failed after ")
    assert told in done.output
    assert done.output.endswith(" 1\n")


def test_within_an_event_loop(
    servers: SharedServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook's cell, which an event loop runs, launches as everybody else does."""
    monkeypatch.setattr(run_servers, "preloaded_server", servers.lend)
    monkeypatch.chdir(tmp_path)

    async def cell() -> list[Any]:
        return testbed.launch(os.path.basename, workers=2, args=("a/b",), show=False)

    assert asyncio.run(cell()) == ["b", "b"]
