"""Limits of the machine: told in one line, raised for the launching process, kept for workers."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.launcher.machine import descriptors
from tests.process.conftest import Launcher

BIN = Path(sys.executable).parent


def limits() -> tuple[int, int]:
    return resource.getrlimit(resource.RLIMIT_NOFILE)


@pytest.fixture
def low_limit() -> Iterator[int]:
    """Fewer descriptors than this process may ask for."""
    soft, _ = limits()
    descriptors.allow(256)
    yield 256
    descriptors.allow(soft)


@pytest.mark.parametrize("fresh", [False, True], ids=["forked", "fresh"])
def test_workers_have_the_usual_limit(launcher: Launcher, low_limit: int, fresh: bool) -> None:
    """A burst may have more descriptors than usual; each worker has what it would have by hand."""
    count = 2 if fresh else low_limit
    end = launcher.run("report_limit", count, fresh=fresh)
    assert end.cause == ""
    assert set(launcher.reports("report_limit", count)) == {low_limit}
    assert limits()[0] == low_limit


def test_blocks_within_blocks(low_limit: int) -> None:
    """The limit is the usual one again after the last of several blocks, in any order."""
    first, second = descriptors.raised(), descriptors.raised()
    first.__enter__()
    assert limits()[0] == descriptors.most() > low_limit
    second.__enter__()
    assert descriptors.usual() == low_limit
    first.__exit__(None, None, None)
    assert limits()[0] == descriptors.most()
    second.__exit__(None, None, None)
    assert limits()[0] == low_limit


@pytest.mark.parametrize(("allowed", "workers"), [(40, 20), (20, 1)])
def test_few_descriptors(tmp_path: Path, allowed: int, workers: int) -> None:
    """Where `ulimit -n` is too low for a cluster, one line says so, with what fits."""
    (tmp_path / "a.py").write_text("")
    command = f"ulimit -n {allowed}; exec {BIN}/testbed launch --workers {workers} a.py"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    most = r"[0-9] workers?"
    assert re.match(f"testbed: --workers {workers}: at most {most} fit this machine at once", line)
    assert f"may have {allowed} open files (ulimit -n)" in line
