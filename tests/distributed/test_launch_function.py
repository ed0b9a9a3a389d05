"""`testbed.launch`: a function called in every worker, from a script that python runs."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import testbed
from testbed.launcher.machine.leftovers import processes_of
from tests.distributed.conftest import ROOT, Done
from tests.distributed.launch_scripts import GUARD, HEAD, MEETS, SCRIPT, TRIES, returned
from tests.distributed.tensorflow_log import without_log
from tests.distributed.whole_output import compares_whole_output
from tests.soak import later

Begin = Callable[..., "subprocess.Popen[str]"]
Python = Callable[..., Done]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts python with arguments in the test's folder; ends it with the test, at the latest."""
    with contextlib.ExitStack() as started:

        def start(*arguments: str, **more: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT), **more},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield start


@pytest.fixture
def python(begin: Begin, tmp_path: Path) -> Python:
    """Runs a script as python does; no process of it is left."""

    def run(script: str, *arguments: str, **more: str) -> Done:
        (tmp_path / SCRIPT).write_text(script)
        process = begin(SCRIPT, *arguments, **more)
        output, errors = process.communicate(timeout=120)
        for folder in (tmp_path / ".testbed/runs").glob("2*"):
            assert processes_of(folder) == []
        return Done(process.returncode, output, errors, tmp_path)

    return run


def test_results_come_in_the_order_of_the_workers(python: Python) -> None:
    """Each of three workers gets the arguments, and its result stands at its index."""
    script = (
        HEAD
        + "def told(*args, **kwargs):\n    return worker(), args, kwargs, sys.argv[1:], __name__\n"
        + GUARD
        + "found = testbed.launch(told, workers=3, args=(1, ('a', [None])), kwargs={'b': 0.5})\n"
        "    assert type(found[0]) is type(found[0][1][1]) is tuple\n"
        "    assert 'tensorflow' not in sys.modules and 'numpy' not in sys.modules\n"
        "    print(json.dumps(found))"
    )
    found = returned(python(script, "--epochs", "1"))
    rest = [[1, ["a", [None]]], {"b": 0.5}, ["--epochs", "1"], "__testbed_main__"]
    assert found == [[number, *rest] for number in range(3)]


@compares_whole_output
def test_workers_compute_together(python: Python) -> None:
    """All replicas of all workers add up; tensors and variables come back as NumPy values."""
    script = (
        HEAD
        + MEETS
        + GUARD
        + "found = testbed.launch(meet, workers=2, replicas=2)\n"
        + "    assert 'tensorflow' not in sys.modules\n"
        + "    print([(type(r['reduced']).__name__, r['reduced'].dtype.name, r['reduced'].tolist(),"
        + " type(r['total']).__name__, r['total'].item(), r['worker']) for r in found])"
    )
    done = python(script)
    assert (done.status, done.errors) == (0, "")
    row = "('ndarray', 'float32', [4.0, 8.0], 'float32', 8.0, {})"
    assert without_log(done.output) == [f"[{row.format(0)}, {row.format(1)}]"]


def test_a_function_of_a_module_beside_the_script(python: Python, tmp_path: Path) -> None:
    """The workers find what the script can import, and run nothing of the script itself."""
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/own_module.py").write_text(
        HEAD + "class Own:\n    @staticmethod\n    def square(x): return x * x, __name__\n"
    )
    script = (
        "import sys\nsys.path.insert(0, 'beside')\nimport own_module, json, testbed\n"
        "print(json.dumps(testbed.launch(own_module.Own.square, workers=1, args=[7])))"
    )
    assert returned(python(script)) == [[49, "own_module"]]


def test_a_module_that_cannot_be_imported(python: Python, tmp_path: Path) -> None:
    """What is wrong with a module of the user's is shown from its own line on."""
    (tmp_path / "own_module.py").write_text(
        "import sys\ndef nothing(): pass\nif 'tensorflow' in sys.modules: raise OSError('no')\n"
    )
    script = "import json, own_module, testbed\n" + TRIES.format("own_module.nothing, show=False")
    done = python(script + "json.dumps([str(e).splitlines()[0], e.traceback]))")
    first, traceback = returned(done)
    assert "OSError: no; logs: " in first
    assert traceback.splitlines()[1].endswith('own_module.py", line 3, in <module>')


@compares_whole_output
def test_python_m(begin: Begin, tmp_path: Path) -> None:
    """Of a module that `python -m` runs, workers import the module."""
    script = (
        HEAD + "def name(): return __name__\n" + GUARD + "print(*testbed.launch(name, workers=1))"
    )
    (tmp_path / "package").mkdir()
    (tmp_path / "package/own.py").write_text(script)
    process = begin("-m", "package.own")
    assert process.communicate(timeout=60) == ("package.own\n", "")


def test_fresh_workers_find_the_same(python: Python) -> None:
    """New interpreters give the same results, and hash texts each in its own way."""
    launches = "testbed.launch(meet_and_hash, fresh={}, show=False)"
    script = (
        HEAD
        + MEETS
        + "def meet_and_hash():\n    return float(meet()['total'].numpy()), hash('text')\n"
        + GUARD
        + f"print(json.dumps([{launches.format(True)}, {launches.format(False)}]))"
    )
    fresh, forked = returned(python(script, PYTHONHASHSEED="random"))
    assert [total for total, _ in fresh + forked] == [4.0] * 4
    assert [len({hashed for _, hashed in each}) for each in (fresh, forked)] == [2, 1]


@compares_whole_output
def test_output_is_shown_while_the_function_runs(begin: Begin, tmp_path: Path) -> None:
    """A line of a worker is there before that worker has returned."""
    os.mkfifo(tmp_path / "go on")
    # Opened for both, so that nobody waits for the other end but the worker for its line.
    go_on = os.open(tmp_path / "go on", os.O_RDWR)
    (tmp_path / "own.py").write_text(
        HEAD
        + "def say():\n    print('waits')\n    return open('go on').readline()\n"
        + GUARD
        + "print(testbed.launch(say, workers=1, timeout=20))"
    )
    process = begin("own.py")
    assert process.stdout
    assert process.stdout.readline() == "worker 0 | waits\n"
    os.write(go_on, b"gone on\n")
    assert process.communicate(timeout=60) == ("['gone on\\n']\n", "")
    os.close(go_on)


@compares_whole_output
def test_who_has_no_isolation_is_told(python: Python) -> None:
    """As of every run: that others can get in is said where it is so."""
    script = HEAD + GUARD + "testbed.launch(os.getpid, isolation='none')"
    assert python(script).errors.startswith("testbed: not isolated (turned off)")


def test_output_is_shown_in_any_locale(python: Python) -> None:
    """What workers print is shown as it is, as far as the terminal has the letters."""
    script = (
        HEAD + "def say(): print('[red]\\U0001f600')\n" + GUARD + "testbed.launch(say, workers=1)"
    )
    done = python(script, PYTHONIOENCODING="ascii")
    assert (done.status, done.output) == (0, "worker 0 | [red]\\U0001f600\n"), done.errors


def test_without_a_guard(python: Python) -> None:
    """A script that launches whenever it is run is told what it lacks, with its own line."""
    script = HEAD + "def nothing(): pass\ntestbed.launch(nothing)\n"
    done = python(script)
    assert done.status == 1
    last = [line for line in done.errors.splitlines() if line.startswith("testbed.errors.Worker")]
    assert len(last) == 1
    assert "UsageError: launch was called in a worker: call it under" in last[0]
    assert 'if __name__ == "__main__":' in last[0]
    assert "    testbed.launch(nothing)\n" in done.errors


@pytest.mark.parametrize("code", ["testbed.launch(f)", "testbed.launch(lambda: None)"])
def test_an_interpreter_s_functions_cannot_be_launched(
    begin: Begin, code: str, tmp_path: Path
) -> None:
    """What stands in no file, or has no name, is refused in one line, before anything starts."""
    process = begin("-c", f"import testbed\ndef f(): pass\n{code}")
    errors = process.communicate(timeout=60)[1]
    last = errors.splitlines()[-1]
    assert last.startswith("testbed.errors.UsageError: cannot launch ")
    assert last.endswith("launch a function that stands at the top of a script or a module")
    assert not (tmp_path / ".testbed").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"workers": 0}, "workers=0: at least 1"),
        ({"replicas": -1}, "replicas=-1: at least 1"),
        ({"timeout": 0}, "timeout=0: more than 0"),
        ({"start_timeout": float("nan")}, "start_timeout=nan: more than 0"),
        ({"device": "tpu"}, "device='tpu': choose from cpu, gpu, split-gpu"),
        ({"isolation": "yes"}, "isolation='yes': choose from auto, required, none"),
        ({"args": "abc"}, "args is a str: a list or tuple"),
        ({"args": (1, {2})}, "cannot pass the arguments: args[1] is of type set; valid are None"),
        ({"kwargs": {"a": [object()]}}, 'kwargs["a"][0] is of type object; valid are'),
    ],
    ids=lambda value: str(value)[:30],
)
def test_wrong_calls(
    wrong: dict[str, Any], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that cannot be meant is one line, before anything is started."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(testbed.errors.UsageError, match=re.escape(told)):
        testbed.launch(os.getpid, **wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, later(signal.SIGKILL)])
def test_nothing_is_left(begin: Begin, tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C ends the workers before KeyboardInterrupt is raised; SIGKILL leaves nothing, too."""
    text = "def wait():\n    open(f'waits-{worker()}', 'w')\n    threading.Event().wait()\n"
    text += GUARD + "try: testbed.launch(wait)\n    except KeyboardInterrupt: print('interrupted')"
    (tmp_path / "own.py").write_text(HEAD + text)
    process = begin("own.py")
    runs = tmp_path / ".testbed/runs"
    _wait_for(lambda: len(list(tmp_path.glob("waits-*"))) == 2, 60)
    (run,) = runs.glob("2*")
    assert processes_of(run)
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    if number == signal.SIGINT:
        assert (process.returncode, output) == (0, "interrupted\n")
        assert processes_of(run) == []
    _wait_for(lambda: not processes_of(run), 10)


def _wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
