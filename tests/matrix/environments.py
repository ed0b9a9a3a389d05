"""Makes the environment of a version: an interpreter, TensorFlow, and this testbed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from testbed.errors import LaunchError
from tests.matrix.versions import Version

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("portpicker>=1.6", "rich>=13.7", "shtab>=1.7", "pytest>=8.3", "pytest-xdist>=3.6")
"""What testbed and its tests need besides TensorFlow."""


def make_environment(version: Version, folder: Path, log: Path) -> Path:
    """Make the environment of a version, or use the one that is there.

    Args:
        version: what to install.
        folder: for environments.
        log: a file for pip's output.

    Returns:
        its interpreter.

    Raises:
        LaunchError: there is no Python for it, or pip failed.
    """
    path = folder / version.environment_name
    python, ready = path / "bin/python", path / "ready.txt"
    # An environment of another checkout would run the testbed of that one.
    wanted = "\n".join((*version.requirements, str(ROOT)))
    if ready.is_file() and ready.read_text() == wanted:
        return python
    outer = _python_of(version)
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    install = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    with log.open("w") as output:
        _run([outer, "-m", "venv", str(path)], output, log)
        _run([*install, *version.requirements, *TOOLS], output, log)
        # Without dependencies: they would replace the TensorFlow of this version.
        _run([*install, "--no-deps", "--editable", str(ROOT)], output, log)
    ready.write_text(wanted)
    return python


def _run(command: Sequence[str], output: TextIO, log: Path) -> None:
    done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        shown = " ".join(command[1:4])
        raise LaunchError(f"{shown} ended with status {done.returncode}; see {log}")


def _python_of(version: Version) -> str:
    """The newest interpreter, on PATH or of pyenv, that a version supports.

    Raises:
        LaunchError: there is none.
    """
    for wanted in version.pythons:
        for candidate in _interpreters(wanted):
            if _version_of(candidate) == wanted:
                return candidate
    pythons = " or ".join(version.pythons)
    raise LaunchError(f"TensorFlow {version.name} needs Python {pythons}, and none was found")


def _interpreters(wanted: str) -> Iterator[str]:
    yield sys.executable
    if found := shutil.which(f"python{wanted}"):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{wanted}.*/bin/python")))


def _version_of(python: str) -> str:
    """The version of an interpreter, like 3.11; empty if it does not start."""
    # A shim of pyenv is on PATH also where its version is not selected.
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
    return done.stdout.strip()
