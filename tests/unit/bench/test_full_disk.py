"""A benchmark whose files cannot be written is shown all the same."""

from __future__ import annotations

import errno
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from testbed.bench.record import BenchRecord
from testbed.cli.main import main
from tests.unit.bench.builders import every_part


def test_a_benchmark_outlives_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was measured is shown, what could be written is told, and what could not as well."""

    def measured(work: Coroutine[Any, Any, Any]) -> BenchRecord:
        work.close()
        return every_part()

    whole = Path.write_bytes

    def no_space_here(path: Path, data: bytes) -> int:
        if path.absolute().is_relative_to(tmp_path / "full"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, data)

    (tmp_path / "full" / "plots").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "full")
    monkeypatch.setattr("testbed.bench.command.interruptible", measured)
    monkeypatch.setattr(Path, "write_bytes", no_space_here)
    files = ("--json", str(tmp_path / "bench.json"), "--html", "page.html", "--plots", "plots")
    assert main(["bench", *files]) == 1
    shown = capsys.readouterr()
    assert "efficiency" in shown.out
    assert f"result: {tmp_path}/bench.json\n" in shown.out
    told = [line.rpartition("/")[2] for line in shown.err.splitlines()]
    assert told[0] == "run.json: No space left on device; it is not written"
    assert told[1] == "testbed: --html page.html: No space left on device; it is not written"
    assert shown.err.splitlines()[2].startswith("testbed: --plots ")
    assert len(told) == 3
