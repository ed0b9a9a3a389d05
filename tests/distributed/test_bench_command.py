"""`testbed bench` from outside: real clusters, real figures, statuses, messages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.report.files import check
from tests.distributed.conftest import ROOT, Done

MIB = 2**20


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of one quick benchmark of ways of sharing; the tests of this file look at it."""
    return run_bench(tmp_path_factory.mktemp("sharing"), "sharing")


def run_bench(folder: Path, *parts: str) -> dict[str, Any]:
    """Measure some parts for real, and check whatever every benchmark leaves behind."""
    options = "--quick --rounds 2 --json result.json --plots plots --html page.html"
    done = subprocess.run(
        [sys.executable, "-m", "testbed", "bench", *parts, *options.split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    record: dict[str, Any] = json.loads((folder / "result.json").read_text())
    check(record)
    assert (folder / "page.html").read_text().startswith("<!doctype html>")
    assert {path.suffix for path in (folder / "plots").iterdir()} == {".svg"}
    assert "doubt: 2 rounds" in done.stdout
    return record


def figures(record: dict[str, Any], deployment: str, site: str, elements: int) -> dict[str, Any]:
    """The figures of a weight, by metric: the median."""
    row = next(
        row
        for row in record["rows"]
        if row["case"] == f"weight.update[{site},function]@{deployment}"
        and row["sizes"]["elements"] == elements
    )
    return {name: figure["value"] for name, figure in row["figures"].items()}


@pytest.mark.parametrize(
    ("deployment", "site", "moved"),
    [
        # A call's arguments lie on the first device, where the mean is taken: it is what crosses.
        ("mirrored-2", "in_scope", MIB),
        ("mirrored-2", "outside_scope", 0),
        # 2 * (2 - 1) / 2 of the message: each of two workers has to send it once.
        ("multi_worker_mirrored-2x1", "in_scope", MIB),
        ("multi_worker_mirrored-2x1", "outside_scope", 0),
    ],
)
def test_what_a_step_moves(sharing: dict[str, Any], deployment: str, site: str, moved: int) -> None:
    """A mirrored weight of 1 MiB moves 1 MiB a step; one outside the scope stays where it is."""
    assert figures(sharing, deployment, site, MIB // 4)["moved"] == moved


def test_what_a_device_holds(sharing: dict[str, Any]) -> None:
    """A copy of 1 MiB takes 1 MiB, and a worker more than TensorFlow's own share."""
    found = figures(sharing, "mirrored-2", "in_scope", MIB // 4)
    assert found["device_memory"] == MIB
    assert 20 * MIB < found["process_memory"] < 2**31


def test_a_step_is_traced_once(sharing: dict[str, Any]) -> None:
    """One trace before the first step, none after it."""
    for site in ("outside_scope", "in_scope"):
        found = figures(sharing, "mirrored-2", site, 1)
        assert (found["traces"], found["retraces"]) == (1, 0)


def test_every_step_took_time(sharing: dict[str, Any]) -> None:
    """Percentiles are in their order, and two rounds are two numbers."""
    for row in sharing["rows"]:
        p50, p90, p99 = (row["figures"][f"step_p{share}"] for share in (50, 90, 99))
        assert 0 < p50["value"] <= p90["value"] <= p99["value"] < 10
        assert len(p50["rounds"]) == 2
        assert p50["low"] <= p50["value"] <= p50["high"]


def test_the_other_parts(tmp_path: Path) -> None:
    """Scaling, the wire and the testbed's own cost have their figures, too."""
    record = run_bench(tmp_path, "scaling", "wire", "own_cost")
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in record["rows"]:
        rows.setdefault(row["part"], []).append(row)
    assert set(rows) == {"scaling", "wire", "own_cost"}
    for row in rows["scaling"]:
        assert ("efficiency" in row["figures"]) != ("efficiency" in row["lacking"])
    assert all("examples" in r["figures"] for r in rows["scaling"] if "batch" in r["sizes"])
    carried = {(row["sizes"]["collective"], row["sizes"]["implementation"]) for row in rows["wire"]}
    assert carried >= {("all_reduce", "RING"), ("all_gather", "AUTO"), ("broadcast", "AUTO")}
    phases = {"import", "fork", "bind", "strategy", "first_trace", "first_step"}
    assert all(phases <= set(row["figures"]) for row in rows["own_cost"])
    assert 0.2 < rows["own_cost"][0]["figures"]["ratio"]["value"] < 5


def test_a_seeded_slow_down_fails(
    testbed: Callable[..., Done], sharing: dict[str, Any], tmp_path: Path
) -> None:
    """Against a record in which one step took a hundredth, that step is slower: status 1."""
    row = sharing["rows"][0]
    figure = row["figures"]["step_p50"]
    for name in ("value", "low", "high"):
        figure[name] /= 100
    figure["rounds"] = [seconds / 100 for seconds in figure["rounds"]]
    (tmp_path / "old.json").write_text(json.dumps(sharing))
    done = testbed("bench", "sharing", "--quick", "--rounds", "2", "--against", "old.json")
    assert (done.status, done.errors) == (1, "")
    assert f"step_p50 of sharing {row['case']}" in done.output
    assert re.search(r"^[1-9]\d* slower,", done.output, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("shareing", "unknown part 'shareing': choose from sharing, scaling, wire, own_cost"),
        ("--rounds 0", "--rounds 0: at least 1"),
        ("--width 30", "--width 30: a multiple of 4, the attention's heads"),
        ("--workers -1", "--workers -1: not below 0"),
        ("--against nothing.json", "nothing.json: No such file or directory"),
        ("--plots nowhere/at/all", "--plots nowhere/at/all: not a folder in an existing folder"),
        ("--json nowhere/b.json", "--json nowhere/b.json: not a file in an existing folder"),
        ("--device gpu wire", "needs 1 GPU, found 0; use --device cpu"),
    ],
)
def test_wrong_commands(testbed: Callable[..., Done], arguments: str, complaint: str) -> None:
    """One line says what is wrong and what is valid; status 2; nothing is measured."""
    done = testbed("bench", *arguments.split(), CUDA_VISIBLE_DEVICES="-1")
    assert done.status == 2
    assert done.errors.startswith("testbed: ")
    assert complaint in done.errors
    assert done.errors.count("\n") == 1
