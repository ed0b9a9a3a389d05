"""`testbed launch`: how many processes a program gets, and what is said of a cluster of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distributed.conftest import Done
from tests.distributed.tensorflow_log import without_log
from tests.distributed.whole_output import compares_whole_output
from tests.soak import later

Launch = Callable[..., Done]

# As its file is new, a second process that runs it fails.
MIRRORED = """
import os
import tensorflow as tf
BEFORE
strategy = tf.distribute.MirroredStrategy()
open("written", "x").close()
print(strategy.num_replicas_in_sync, "replicas", os.environ.get("TF_CONFIG"))
"""
TOGETHER = """
import tensorflow as tf
BEFORE
strategy = tf.distribute.MultiWorkerMirroredStrategy()
here = [each for each in tf.config.list_logical_devices("CPU") if "GPU" not in each.name]
print(strategy.num_replicas_in_sync, "replicas on", len(here), "devices")
"""
OWN_CLUSTER = """
import json, os
import tensorflow as tf
given = json.loads(os.environ["TF_CONFIG"])
cluster, task = given["cluster"], given["task"]
CHANGE
strategy = tf.distribute.MultiWorkerMirroredStrategy()
print(strategy.num_replicas_in_sync, "replicas")
"""
TAKES_TIME = """
import time
end = time.monotonic() + 3
while time.monotonic() < end:
    pass
"""


@pytest.fixture
def launch(command: Launch, tmp_path: Path) -> Launch:
    """Writes a program and launches it."""

    def run(text: str, *options: str) -> Done:
        (tmp_path / "train.py").write_text(text)
        return command("launch", *options, "train.py")

    return run


@compares_whole_output
@pytest.mark.parametrize(
    ("before", "options", "replicas"),
    [
        later("", [], 2, name="as it is"),
        pytest.param("", ["--replicas", "3"], 3, id="of three"),
        pytest.param("tf.constant(1.0) + 1.0", [], 2, id="after an operation"),
        later(
            "dict(os.environ), os.environ.pop('TF_CONFIG', None)",
            [],
            2,
            name="in the way of notebooks",
        ),
    ],
)
def test_a_program_of_one_process_gets_one(
    launch: Launch, before: str, options: list[str], replicas: int
) -> None:
    """MirroredStrategy has all replicas in one process, without a cluster, and that is said."""
    done = launch(MIRRORED.replace("BEFORE", before), *options)
    assert (done.status, done.output) == (0, f"worker 0 | {replicas} replicas None\n")
    assert done.errors.startswith("testbed: MirroredStrategy (train.py:5) is for one process: ")
    assert done.errors.count("\n") == 1


@compares_whole_output
def test_workers_that_are_asked_for_are_not_connected_by_it(launch: Launch) -> None:
    """With --workers all of them run the program, and what that means is said in one line."""
    done = launch(MIRRORED.replace("BEFORE", "").replace('"x"', '"w"'), "--workers", "2")
    assert done.status == 0
    assert done.output.count("1 replicas {") == 2
    assert done.errors.startswith(
        "testbed: workers 0, 1 each make a MirroredStrategy of their own (train.py:5): "
    )
    assert done.errors.endswith("use --workers 1 --replicas R for one process of R replicas\n")
    assert done.errors.count("\n") == 1


@compares_whole_output
@pytest.mark.parametrize(
    ("before", "options", "replicas"),
    [
        later("", [], 2, name="as it is"),
        pytest.param("", ["--replicas", "2"], 4, id="of two each"),
        later(
            "import os; 'TF_CONFIG' in os.environ; tf.distribute.MirroredStrategy",
            [],
            2,
            name="that asks for TF_CONFIG",
        ),
        pytest.param(TAKES_TIME, ["--start-timeout", "2"], 2, id="that is slow to come"),
    ],
)
def test_a_program_of_several_processes_gets_them(
    launch: Launch, before: str, options: list[str], replicas: int
) -> None:
    """MultiWorkerMirroredStrategy finds its peers, each with the devices that it should have."""
    done = launch(TOGETHER.replace("BEFORE", before), *options)
    assert (done.status, done.errors) == (0, "")
    # Each sees those of the other, too.
    line = f"{replicas} replicas on {replicas} devices"
    assert sorted(without_log(done.output)) == [f"worker {number} | {line}" for number in (0, 1)]


def test_a_program_without_a_strategy_is_run_once(launch: Launch) -> None:
    """Two unconnected ones would only do the same twice."""
    done = launch("open('written', 'x').close(); print('done')")
    assert (done.status, done.output) == (0, "worker 0 | done\n")
    assert "it ran in one process (--workers 2 runs it in 2)" in done.errors


SETS = "os.environ['TF_CONFIG'] = json.dumps(given)"


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        pytest.param(
            f"task['index'] = 0; {SETS}",
            1,
            "sets TF_CONFIG itself (train.py:6): workers 0 and 1",
            id="one task twice",
        ),
        pytest.param(
            "if task['index']: del os.environ['TF_CONFIG']",
            1,
            "removes TF_CONFIG (train.py:6): worker 1 is a cluster of one and trains by itself, and"
            " worker 0 waits for it in vain",
            id="one leaves",
        ),
        later(
            "os.environ.pop('TF_CONFIG')",
            0,
            "removes TF_CONFIG (train.py:6): worker ",
            name="all leave",
        ),
        pytest.param(
            f"cluster['worker'].reverse(); task['index'] = 1 - task['index']; {SETS}",
            0,
            "",
            id="in another order",
        ),
    ],
)
def test_a_cluster_of_the_program_s_own(
    launch: Launch, change: str, status: int, told: str
) -> None:
    """What cannot come together is ended with its cause; what can is obeyed."""
    done = launch(OWN_CLUSTER.replace("CHANGE", change))
    assert done.status == status
    assert told in done.errors
    assert done.errors.count("\n") == bool(told)
    replicas = 2 if not told else 1
    shown = [] if status else [f"worker {number} | {replicas} replicas" for number in (0, 1)]
    assert sorted(without_log(done.output)) == shown


@pytest.mark.parametrize("removes", [True, False], ids=["removes", "sets"])
def test_check_of_a_cluster_of_the_program_s_own(
    command: Launch, tmp_path: Path, *, removes: bool
) -> None:
    """Check finds what leaves its cluster, and takes nothing that follows for a finding."""
    change = "os.environ.pop('TF_CONFIG')" if removes else f"task['index'] = 0; {SETS}"
    (tmp_path / "train.py").write_text(OWN_CLUSTER.replace("CHANGE", change))
    done = command("check", "train.py")
    if removes:
        assert done.status == 1
        assert "train.py:6: error TB405 workers_diverge" in done.output
        assert "workers 0, 1 made MultiWorkerMirroredStrategy without the others" in done.output
        assert done.output.splitlines()[-1].startswith("1 error on multi_worker_mirrored-2x1 in")
    else:
        assert done.status == 3
        (shown,) = without_log(done.output)
        assert shown.startswith("nothing was checked on multi_worker_mirrored-2x1 in")
        assert "workers 0 and 1 both are worker 0 of " in done.errors
