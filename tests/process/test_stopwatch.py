"""The stopwatch times interpreters that are started by hand: real ones, without TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.bench.baselines import stopwatch
from testbed.launcher.machine import process_tree

TELLS = """
import json, os, pathlib
config = json.loads(os.environ["TF_CONFIG"])
pathlib.Path(f"told-{config['task']['index']}").write_text(json.dumps(config))
print("hello from 2 workers")
"""
FAILS = """
import pathlib, sys
with pathlib.Path("tries").open("a") as tries:
    tries.write("+")
print("hello from 2 workers")
sys.exit("the last word")
"""
STAYS = """
import signal, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
threading.Event().wait()
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Has the stopwatch run another program; gives the folder in which it runs."""

    def replaced(text: str) -> str:
        path = tmp_path / "hello.py"
        path.write_text(text)
        monkeypatch.setattr(stopwatch, "HELLO", path)
        return str(tmp_path)

    return replaced


def test_each_worker_gets_its_part_of_one_cluster(
    program: Callable[..., str], tmp_path: Path
) -> None:
    """By hand there is one interpreter a worker, on ports of its own, told who all of them are."""
    assert 0 < stopwatch.by_hand(2, program(TELLS)) < 30
    told: list[Any] = [json.loads((tmp_path / f"told-{index}").read_text()) for index in (0, 1)]
    assert told[0]["cluster"] == told[1]["cluster"]
    assert len(set(told[0]["cluster"]["worker"])) == 2
    assert [config["task"] for config in told] == [
        {"type": "worker", "index": index} for index in (0, 1)
    ]


def test_what_fails_has_no_time(program: Callable[..., str], tmp_path: Path) -> None:
    """By hand it is tried again, and then the last that was said is told; no seconds are."""
    answer = stopwatch.answer("by_hand", 2, program(FAILS), "none")
    assert answer == {"wrong": "the last word"}
    assert len((tmp_path / "tries").read_text()) == 2 * stopwatch.TRIES


def test_a_worker_that_stays_is_ended(
    program: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is over for whoever says nothing, and none is left, whatever it does with SIGTERM."""
    monkeypatch.setattr(stopwatch, "DEADLINE_S", 0.5)
    monkeypatch.setattr(stopwatch, "END_S", 0.1)
    with pytest.raises(RuntimeError, match="it said nothing"):
        stopwatch.by_hand(2, program(STAYS))
    assert process_tree.children() == []
