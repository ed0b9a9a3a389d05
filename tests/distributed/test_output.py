"""What workers print is what is shown, however much it is, and it holds up nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.bootstrap import python_command
from tests.distributed.conftest import ROOT, Done
from tests.soak import later

PRINTS = r"""
import logging, sys
logging.basicConfig(level=20, stream=sys.stdout)
logging.getLogger("x").info("hello")
print("a:100:b\ta\tb")
print("back\\")
print("[bold]\\[/bold] \x1b[31mred\x1b[0m")
print("  1 %\r 20 %\r100 %")
print("w" * 1000)
sys.stdout.flush()
sys.stdout.buffer.write(b"no text: \xff\n\nlast, without an end")
"""

FLOODS = """
import pathlib, sys, time
lines = ("x" * 79 + "\\n") * 1000
pathlib.Path("floods").touch()
while True:
    sys.stdout.write(lines)
    # Some ten megabytes a second are enough, and leave the disk its room.
    time.sleep(0.005)
"""

CHECKED = """
import tensorflow as tf
v = tf.Variable(0.0, name="layer:key:w")
strategy = tf.distribute.MirroredStrategy()
step = tf.function(lambda: strategy.run(lambda: v.assign_add(1.0)))
step(); step()
"""


def test_what_is_shown_was_printed(tmp_path: Path) -> None:
    """Every byte of every line stands behind the worker's name, as in plain Python's output."""
    (tmp_path / "prints.py").write_text(PRINTS)
    plain = subprocess.check_output([sys.executable, "prints.py"], cwd=tmp_path)
    command = python_command("testbed", "launch", "--workers", "2", "prints.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    shown = subprocess.check_output(command, cwd=tmp_path, env=environment, timeout=300)
    for worker in (b"worker 0 | ", b"worker 1 | "):
        own = [line for line in shown.split(b"\n") if line.startswith(worker)]
        assert own == [worker + line for line in plain.split(b"\n")]


@pytest.mark.parametrize("form", ["json", *(later(form) for form in ("sarif", "github"))])
def test_machine_formats_are_what_output_writes(
    command: Callable[..., Done], tmp_path: Path, form: str
) -> None:
    """Names with emoji codes arrive at a tool, on the standard output as in a file."""
    (tmp_path / "d:x:y").mkdir()
    (tmp_path / "d:x:y" / "t.py").write_text(CHECKED)
    shown = command("check", "--format", form, "d:x:y/t.py")
    command("check", "--format", form, "--output", "written", "d:x:y/t.py")
    assert shown.output == (tmp_path / "written").read_text(encoding="utf-8")
    assert "layer:key:w" in shown.output


@pytest.mark.parametrize("reader", [later("fast"), "stopped"])
def test_a_flood_gives_way_to_signals(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path, reader: str
) -> None:
    """SIGTERM ends a run within seconds, whatever is printed and whether anybody reads it."""
    (tmp_path / "floods.py").write_text(FLOODS)
    launched = start("launch", "--workers", "2", "floods.py")
    assert launched.stdout is not None
    assert launched.stderr is not None
    counting = None
    if reader == "fast":
        counting = subprocess.Popen(["wc", "-l"], stdin=launched.stdout, stdout=subprocess.PIPE)
        launched.stdout.close()
    until(lambda: (tmp_path / "floods").exists())
    logs = tmp_path / ".testbed" / "runs"
    until(lambda: any(log.stat().st_size > 2**22 for log in logs.glob("*/cases/*/*.log")))
    began = time.monotonic()
    launched.send_signal(signal.SIGTERM)
    assert launched.wait(60) == 130
    # LATE_S for what is shown, and the machine's for the rest.
    assert time.monotonic() - began < 15
    assert launched.stderr.read().endswith("testbed: interrupted; all workers are ended\n")
    if counting:
        assert int(counting.communicate(timeout=60)[0]) > 0


def test_a_flood_gives_way_to_deadlines(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """A run whose output nobody reads ends at its deadline, and tells where the output is."""
    (tmp_path / "floods.py").write_text(FLOODS)
    launched = start("launch", "--workers", "1", "--timeout", "2", "floods.py")
    assert launched.stderr is not None
    assert launched.wait(120) == 124
    told = launched.stderr.read()
    assert "MB that the workers printed are not shown here; all of it is in" in told


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
