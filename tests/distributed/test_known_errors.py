"""Every known error, raised for real: by a program, and by the two pieces of code of its entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.check.known_errors.entry import MIRRORED, KnownError
from testbed.check.known_errors.matching import all_known_errors, find_known_error, known
from testbed.cluster.cluster import Cluster
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import Deployment
from testbed.orders.own_code import Program
from tests.distributed.checks import Check as Bench
from tests.distributed.checks import checks
from tests.distributed.conftest import Done
from tests.fake_gpus import built_driver, gpu
from tests.soak import later

PROGRAMS = Path(__file__).resolve().parents[1] / "check/known_errors"
SECONDS = 40.0

IN_EVERY_RUN = (
    "collectives_after_first_operation",
    "driver_is_too_old",
    "keras_3_fit_on_workers",
    "merge_call_in_control_flow",
    "optimizer_updates_unmirrored_variable",
)
"""The entries that are tried in the normal tier, by their programs."""

STARTS = {"driver_is_too_old": "35", "gpu_cannot_start": "46"}
"""How a GPU starts, by the entries that need one."""

FOUND_BY_THE_SECOND_RUN = {"collective_took_too_long"}
"""No worker fails otherwise, and the program finishes with one replica."""

FOUND_AT_ITS_CAUSE = ("tensor_of_finished_trace", "workers_write_one_file")
"""The entries for which check names the line of the cause, in the words of its code."""

IMPORTS = """\
import json, os, pathlib, tempfile, threading
import keras
import numpy as np
import tensorflow as tf
"""

STRATEGIES = {
    MIRRORED: "strategy = tf.distribute.MirroredStrategy()\n",
    "multi_worker_mirrored": "strategy = tf.distribute.MultiWorkerMirroredStrategy()\n",
}

ENTRIES = [
    pytest.param(
        entry,
        id=entry.slug,
        marks=[] if entry.slug in IN_EVERY_RUN else [pytest.mark.soak],
    )
    for entry in all_known_errors()
]
LATER = [later(entry, name=entry.slug) for entry in all_known_errors()]


@pytest.fixture(scope="module")
def cpu_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """TensorFlow is imported once for all."""
    with checks(tmp_path_factory.mktemp("known_errors")) as bench:
        yield bench


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the fake driver."""
    return built_driver(tmp_path_factory.mktemp("gpus") / "driver")


@pytest.fixture
def bench(
    entry: KnownError,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    """CPUs, or a fake GPU whose start ends with the entry's error."""
    if not entry.needs_gpu:
        yield request.getfixturevalue("cpu_bench")
        return
    monkeypatch.setenv("LD_LIBRARY_PATH", str(request.getfixturevalue("driver")))
    monkeypatch.setenv("FAKE_GPUS", "1")
    monkeypatch.setenv("FAKE_GPU_START", STARTS[entry.slug])
    with checks(tmp_path / "gpus", Devices("gpu", (gpu(0),))) as bench:
        yield bench


def deployment(entry: KnownError) -> Deployment:
    cluster = Cluster(1, 2) if entry.strategy == MIRRORED else Cluster(2, 1)
    return Deployment(entry.strategy, cluster)


def written(code: str, entry: KnownError, folder: Path) -> Program:
    """A program of the entry's code, with the imports and the strategy that it takes for given."""
    makes_one = "strategy = tf.distribute." in code
    path = folder / f"{entry.slug}.py"
    path.write_text(IMPORTS + "" if makes_one else IMPORTS + STRATEGIES[entry.strategy])
    with path.open("a") as file:
        file.write(code)
    return Program(str(path))


def assert_is_found(bench: Bench, program: Program, entry: KnownError) -> None:
    """It ends by the error, which is recognised as it was recorded and in the program's output."""
    end = bench.launch(program, deployment(entry), SECONDS)
    assert end.error, end.cause
    match = known(end.error)
    assert match, end.error
    assert match.error.slug == entry.slug, end.error
    assert "{" not in match.cause + match.cure.replace('{"type', "")
    pasted = {found.error.slug for text in bench.output if (found := find_known_error(text))}
    assert entry.slug in pasted, bench.output


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_program_that_raises_a_known_error_is_recognised(bench: Bench, entry: KnownError) -> None:
    """A program as users write it raises the error, and its entry is found."""
    assert_is_found(bench, Program(str(PROGRAMS / f"{entry.slug}.py")), entry)


@pytest.mark.parametrize("entry", LATER)
def test_the_wrong_code_of_an_entry_raises_its_error(
    bench: Bench, entry: KnownError, tmp_path: Path
) -> None:
    """The code that the entry shows as wrong raises the error."""
    assert_is_found(bench, written(entry.wrong, entry, tmp_path), entry)


@pytest.mark.parametrize("entry", LATER)
def test_the_right_code_of_an_entry_runs_to_its_end(
    bench: Bench, entry: KnownError, tmp_path: Path
) -> None:
    """The code that the entry shows as right ends without an error, so the cure works."""
    end = bench.launch(written(entry.right, entry, tmp_path), deployment(entry), SECONDS)
    assert (end.code, end.cause) == (0, "")


@pytest.mark.parametrize("entry", ENTRIES)
def test_check_gives_a_known_error_its_own_cause_and_cure(bench: Bench, entry: KnownError) -> None:
    """The finding has the entry's code, words and reference, and no frame of ours."""
    program = Program(str(PROGRAMS / f"{entry.slug}.py"))
    checked = bench(program, deployment(entry), SECONDS)
    found = [each for each in checked.findings if each.about.what == entry.title]
    if entry.slug in FOUND_AT_ITS_CAUSE:
        assert entry.code in {each.code for each in checked.findings}
    else:
        silent = entry.is_consequence and entry.slug not in FOUND_BY_THE_SECOND_RUN
        assert [each.code for each in found] == [entry.code] * (not silent)
        assert all(each.about.cure.endswith(f"(testbed explain {entry.slug})") for each in found)
    assert not any("hooks.py" in each.evidence for each in found)
    assert not any("/testbed/worker/" in text for text in bench.output)


def test_launch_ends_with_the_cause_of_a_known_error(command: Callable[..., Done]) -> None:
    """The launcher's last line says it, with the line of the program; no worker prints it."""
    name = "collectives_after_first_operation"
    done = command("launch", "--workers", "2", str(PROGRAMS / f"{name}.py"))
    last = done.errors.splitlines()[-1]
    assert last.startswith("testbed: ")
    assert f"{name}.py:5 has started TensorFlow's runtime" in last
    assert last.endswith(f"; what to do: testbed explain {name}")
    assert "testbed explain" not in done.output
    assert done.status == 1
