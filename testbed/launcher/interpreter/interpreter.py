"""The interpreter of the workers: finds it, and checks its Python and its TensorFlow."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from testbed.catalogue.releases import PYTHON, TENSORFLOW
from testbed.decoding import decoded
from testbed.errors import UsageError
from testbed.launcher.interpreter import installed
from testbed.launcher.interpreter.installed import Installed
from testbed.launcher.machine.environment import server_environment
from testbed.terminal import tell

UNTESTED = "if a result is unexpected, compare with a tested version: --python PATH"

_DEADLINE_S = 60.0


def interpreter_path(name: str | None) -> str:
    """The path of the interpreter that `--python` names, or of this one.

    Raises:
        UsageError: there is no such interpreter.
    """
    if name is None:
        return sys.executable
    found = shutil.which(name)
    if found is None:
        raise UsageError(f"--python {name}: no such interpreter")
    return str(Path(found).absolute())


@functools.cache
def found_in(name: str | None = None) -> Installed:
    """What the interpreter of the workers has; another one than this is asked in a process.

    Args:
        name: the interpreter, as `--python` names it; None for this one.

    Raises:
        UsageError: there is no such interpreter, or it does not answer.
    """
    path, script = interpreter_path(name), str(installed.__file__)
    if path == sys.executable:
        return installed.installed()
    try:
        done = subprocess.run(
            [path, script],
            env=server_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEADLINE_S,
            check=True,
        )
        *_, answer = done.stdout.splitlines() or [b""]
        return decoded(Installed, json.loads(answer))
    except (OSError, subprocess.SubprocessError, ValueError) as problem:
        raise UsageError(
            f"--python {name} is no interpreter of Python {PYTHON}: it fails to run {script}"
        ) from problem


def require_tensorflow(name: str | None = None) -> None:
    """Check that workers can import TensorFlow, and print the notice about it; see `notice_on`.

    Args:
        name: the interpreter of the workers, as `--python` names it; None for this one.

    Raises:
        UsageError: the interpreter has no TensorFlow, or its Python is too old.
    """
    if notice := notice_on(name):
        _tell_once(notice)


def notice_on(name: str | None = None) -> str:
    """Check that workers can import TensorFlow; a notice if the testbed is not tested with it.

    TensorFlow is not imported. For `name` and `UsageError` see `require_tensorflow`.
    """
    found = found_in(name)
    if PYTHON.begins_after(found.python):
        raise UsageError(f"--python {name} is Python {found.python}: workers need Python {PYTHON}")
    if found.tensorflow is None:
        path = interpreter_path(name)
        where = f"--python {name}" if name else f"this Python ({path})"
        raise UsageError(f"no TensorFlow in {where}; install it there: {installing(path)}")
    return untested(found)


def installing(path: str = sys.executable) -> str:
    """The command that installs TensorFlow for an interpreter."""
    return f"{path} -m pip install 'tensorflow{TENSORFLOW.requirement}'"


def untested(found: Installed) -> str:
    """A notice about a TensorFlow with which the testbed is not tested; empty for others."""
    if not found.tensorflow or TENSORFLOW.has(found.tensorflow):
        return ""
    return f"{with_tested(found.tensorflow)}: {UNTESTED}"


@functools.cache
def _tell_once(what: str) -> None:
    # A process may launch many clusters.
    tell(what)


def with_tested(tensorflow: str | None) -> str:
    """A TensorFlow and the tested range, like `TensorFlow 2.18.1 (tested: 2.15 to 2.21)`.

    Args:
        tensorflow: its version: None where there is none, empty where it is unknown.
    """
    name = "no TensorFlow" if tensorflow is None else f"TensorFlow {tensorflow or '(no version)'}"
    return f"{name} (tested: {TENSORFLOW})"
