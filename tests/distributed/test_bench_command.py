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

from testbed.bench import rounds
from testbed.bench.plan import HELLO, QUICK_WAYS, plan
from testbed.bench.record import BenchRecord
from testbed.bench.request import MODEL, WEIGHT, BenchRequest
from testbed.bench.visits import BenchSetup
from testbed.catalogue.selection import Selection
from testbed.cli.options.bench import OWN_COST
from testbed.decoding import decoded
from testbed.launcher.machine.machine import describe_machine
from tests.distributed.conftest import ROOT, Done

MIB = 2**20
SMALL = "--quick --workers 2 --replicas 2 --batch 2 --image 8"


def run_testbed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "testbed", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done


FILES = "--json result.json --plots plots --html page.html"


def run_bench(folder: Path, *parts: str) -> dict[str, Any]:
    """Measure some parts for real, and check whatever every benchmark leaves behind."""
    done = run_testbed(folder, "bench", *parts, *f"{SMALL} --rounds 1 {FILES}".split())
    return left_behind(folder, done.stdout)


def left_behind(folder: Path, output: str) -> dict[str, Any]:
    """The record of a benchmark of one round, whose files and output are as they should be."""
    record: dict[str, Any] = json.loads((folder / "result.json").read_text())
    decoded(BenchRecord, record)
    assert (folder / "page.html").read_text().startswith("<!doctype html>")
    assert {path.suffix for path in (folder / "plots").iterdir()} == {".svg"}
    assert "doubt: 1 round" in output
    return record


# What a step of a weight of 1 MiB moves. On one worker a call's arguments lie on the first device,
# where their mean is taken: the mean is what crosses. Of two workers each has to send
# 2 * (2 - 1) / 2 of the message.
MOVED = {
    ("mirrored-2", "in_scope"): MIB,
    ("mirrored-2", "outside_scope"): 0,
    ("multi_worker_mirrored-2x1", "in_scope"): MIB,
    ("multi_worker_mirrored-2x1", "outside_scope"): 0,
}


def test_one_program_of_sharing_scaling_and_own_cost(
    command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known beforehand is measured so, and each part has its figures."""

    def one_program(request: BenchRequest, selection: Selection) -> list[BenchSetup]:
        kept = {("sharing", WEIGHT), ("scaling", MODEL), (OWN_COST, MODEL)}
        return [
            each for each in plan(request, selection) if (each.part, each.case.scenario) in kept
        ]

    monkeypatch.setattr(rounds, "plan", one_program)
    done = command("bench", "sharing", "scaling", OWN_COST, *f"{SMALL} --rounds 1 {FILES}".split())
    assert (done.status, done.errors) == (0, "")
    parts_are_as_known(left_behind(done.folder, done.output), set())


@pytest.mark.soak
def test_sharing_scaling_and_own_cost(tmp_path: Path) -> None:
    """All set-ups of three parts, from outside."""
    record = run_bench(tmp_path, "sharing", "scaling", OWN_COST)
    parts_are_as_known(record, set(QUICK_WAYS))


def parts_are_as_known(record: dict[str, Any], ways: set[str]) -> None:
    """A record has three parts: the weight and these ways of sharing, scaling, and own cost."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in record["rows"]:
        rows.setdefault(row["part"], []).append(row)
    assert set(rows) == {"sharing", "scaling", OWN_COST}
    _sharing_is_as_known(rows["sharing"], ways)
    for row in rows["scaling"]:
        assert ("efficiency" in row["figures"]) != ("efficiency" in row["lacking"])
    models = [row for row in rows["scaling"] if "batch" in row["sizes"]]
    assert len(models) == 4
    assert all("examples" in row["figures"] for row in models)
    phases = {"import", "fork", "bind", "strategy", "first_trace", "first_step"}
    assert all(phases <= set(row["figures"]) for row in rows[OWN_COST])
    assert 0.2 < rows[OWN_COST][0]["figures"]["ratio"]["value"] < 5


def test_the_wire_and_what_got_slower(command: Callable[..., Done]) -> None:
    """Each collective has its bandwidth, and a seeded slow-down is found: status 1."""
    words = ("bench", "wire", *SMALL.split(), "--rounds", "2")
    done = command(*words, "--json", "result.json")
    assert (done.status, done.errors) == (0, "")
    rows = done.record["rows"]
    carried = {(row["sizes"]["collective"], row["sizes"]["implementation"]) for row in rows}
    assert carried == {(name, "AUTO") for name in ("all_reduce", "all_gather", "broadcast")}
    # As if it had been so much faster, which no noise explains.
    old = done.record
    seeded = old["rows"][0]["figures"]["time"]
    seeded["rounds"] = [seconds / 1e6 for seconds in seeded["rounds"]]
    seeded |= {name: seeded[name] / 1e6 for name in ("value", "low", "high")}
    (done.folder / "old.json").write_text(json.dumps(old))
    again = command(*words, "--against", "old.json")
    assert (again.status, again.errors) == (1, "")
    assert f"time of wire {rows[0]['case']}" in again.output
    assert re.search(r"^[1-9]\d* slower,", again.output, re.MULTILINE)


def _sharing_is_as_known(rows: list[dict[str, Any]], ways: set[str]) -> None:
    """The bytes of a weight of 1 MiB, in memory and moved by a step."""
    assert {row["case"].partition(".")[0] for row in rows} == {"weight", *ways}
    for row in rows:
        _steps_are_plausible(row)
        if row["case"].startswith("weight"):
            value = {name: figure["value"] for name, figure in row["figures"].items()}
            deployment = row["case"].partition("@")[2]
            assert value["moved"] == MOVED[deployment, row["site"]], row["case"]
            assert value["device_memory"] == MIB
            assert 20 * MIB < value["process_memory"] < 2**31


def _steps_are_plausible(row: dict[str, Any]) -> None:
    """Percentiles in their order, a number each round, one trace before the first step only."""
    p50, p90, p99 = (row["figures"][f"step_p{share}"] for share in (50, 90, 99))
    assert 0 < p50["value"] <= p90["value"] <= p99["value"] < 10
    assert len(p50["rounds"]) == 1
    assert p50["low"] <= p50["value"] <= p50["high"]
    assert [row["figures"][name]["value"] for name in ("traces", "retraces")] == [1, 0]


def test_launching_against_doing_it_by_hand(
    command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thorough benchmark times the whole command and the same program started by hand."""

    def launches(request: BenchRequest, selection: Selection) -> list[BenchSetup]:
        return [each for each in plan(request, selection) if each.case.scenario == HELLO]

    monkeypatch.setattr(rounds, "plan", launches)
    done = command("bench", "own_cost", "--rounds", "1", "--json", "result.json")
    assert (done.status, done.errors) == (0, "")
    decoded(BenchRecord, done.record)
    (row,) = done.record["rows"]
    value = {name: figure["value"] for name, figure in row["figures"].items()}
    # Both import TensorFlow in an interpreter, and neither waits for a deadline.
    assert 0.5 < value["testbed_launch"] < 50
    assert 0.5 < value["by_hand"] < 50
    assert value["over_hand"] == pytest.approx(value["testbed_launch"] / value["by_hand"])
    assert f"takes {value['over_hand']:.2f} (" in done.output
    # The launches of a benchmark are its own, and push none of the user's runs out.
    runs = [run.name for run in (done.folder / ".testbed/runs").iterdir()]
    assert runs == [done.record["run"]]


@pytest.mark.soak
def test_all_ways_of_launching(tmp_path: Path) -> None:
    """A thorough benchmark times forks, new interpreters and the whole command."""
    run_testbed(tmp_path, "bench", "own_cost", "--rounds", "1", "--json", "result.json")
    record = json.loads((tmp_path / "result.json").read_text())
    decoded(BenchRecord, record)
    timed = {name for row in record["rows"] for name in row["figures"]}
    assert {"launch", "bare_fork", "fresh", "testbed_launch", "by_hand", "over_hand"} <= timed


def test_on_gpus(tmp_path: Path) -> None:
    """On GPUs the wire is measured with NCCL as well, against the GPUs' own link."""
    gpus = describe_machine().gpus
    if not gpus:
        pytest.skip("no GPU: NVML lists none")
    record = run_bench(tmp_path, "wire", "scaling", "--device", "gpu")
    assert record["device"] == "gpu"
    if len(gpus) > 1:
        assert "NCCL" in {row["sizes"].get("implementation") for row in record["rows"]}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            "shareing",
            "no such script, and no such part: shareing; did you mean 'sharing'?"
            " choose from sharing, scaling, wire, own_cost",
        ),
        ("--rounds 0", "--rounds 0: at least 1"),
        ("--width 30", "--width 30: a multiple of 4, the attention's heads"),
        ("--workers -1", "--workers -1: not below 0"),
        ("--against nothing.json", "nothing.json: No such file or directory"),
        ("--plots nowhere/at/all", "--plots nowhere/at/all: not a folder in an existing folder"),
        ("--json nowhere/b.json", "--json nowhere/b.json: not a file in an existing folder"),
    ],
)
def test_wrong_commands(command: Callable[..., Done], arguments: str, complaint: str) -> None:
    """One line says what is wrong and what is valid; status 2; nothing is measured."""
    done = command("bench", *arguments.split())
    _is_refused(done, complaint)


def test_a_gpu_that_is_not_there(testbed: Callable[..., Done]) -> None:
    """One line says so, too."""
    done = testbed("bench", "--device", "gpu", "wire", CUDA_VISIBLE_DEVICES="-1")
    _is_refused(done, "needs 1 GPU, found 0; use the device cpu")


def _is_refused(done: Done, complaint: str) -> None:
    assert done.status == 2
    assert done.errors.startswith("testbed: ")
    assert complaint in done.errors
    assert done.errors.count("\n") == 1
