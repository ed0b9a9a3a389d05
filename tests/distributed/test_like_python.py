"""What a program finds under `testbed launch` is what plain Python gives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.distributed.conftest import ROOT, Done
from tests.soak import later

TELLS = """
\"\"\"Tells what it finds.\"\"\"
import json, os, sys
import cmd, helper
main = sys.modules["__main__"]
told = {
    "path": sys.path,
    "argv": sys.argv,
    "orig_argv": sys.orig_argv[1:],
    # Output that is not buffered is what the testbed sets for every worker.
    "flags": str(sys.flags),
    "main": {name: str(value).partition(" object at ")[0] for name, value in vars(main).items()},
    "mine": [cmd.__file__, helper.__file__],
    "folder": os.getcwd(),
}
with open(os.environ["TOLD"], "w") as file:
    json.dump(told, file)
"""
# The interpreter's own way to run a module differs in these alone from runpy's public one.
OF_A_SCRIPT = ("__annotations__", "__builtins__")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder full of names that matter, and a program in a folder below it."""
    for name in ("json", "select", "socket", "keras", "numpy", "helper", "testbed/__init__"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} of the folder was run')")
    below = tmp_path / "below"
    below.mkdir()
    (below / "tells.py").write_text(TELLS)
    (below / "cmd.py").write_text("")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "helper.py").write_text("")
    return tmp_path


def told_by_python(folder: Path, *arguments: str, **more: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TOLD": str(folder / "plain"), **more}
    subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=True)
    return json.loads((folder / "plain").read_text())


@pytest.mark.parametrize(
    ("fresh", "more"),
    [
        pytest.param([], {"PYTHONSAFEPATH": "1"}, id="forked, safe path"),
        pytest.param(["--fresh"], {}, id="fresh"),
        later([], {}, name="forked"),
        later(["--fresh"], {"PYTHONSAFEPATH": "1"}, name="fresh, safe path"),
    ],
)
def test_a_script_finds_what_python_gives_it(
    folder: Path, testbed: Callable[..., Done], fresh: list[str], more: dict[str, str]
) -> None:
    """Path, arguments, flags and `__main__` are Python's; its folder's modules come first."""
    more = {**more, "PYTHONPATH": f"{ROOT}:{folder}/below/../library"}
    told = folder / "here"
    words = ("launch", "--workers", "1", *fresh, "below/tells.py", "--epochs", "1")
    done = testbed(*words, TOLD=str(told), **more)
    assert (done.status, done.errors) == (0, "")
    assert json.loads(told.read_text()) == told_by_python(folder, *words[-3:], **more)


def test_a_module_finds_what_python_gives_it(tmp_path: Path, testbed: Callable[..., Done]) -> None:
    """With -m the working folder comes first, as with Python."""
    for name, text in (("tells", TELLS), ("cmd", ""), ("helper", "")):
        (tmp_path / f"{name}.py").write_text(text)
    told, words = tmp_path / "here", ("-m", "tells", "--epochs", "1")
    done = testbed("launch", "--workers", "1", *words, TOLD=str(told))
    assert (done.status, done.errors) == (0, "")
    found, plain = json.loads(told.read_text()), told_by_python(tmp_path, *words)
    for name in OF_A_SCRIPT:
        found["main"].pop(name, None)
        plain["main"].pop(name, None)
    assert found == plain


@pytest.mark.usefixtures("folder")
def test_scenarios_run_in_a_folder_of_such_names(testbed: Callable[..., Done]) -> None:
    """`testbed run` in somebody's folder runs nothing of it."""
    done = testbed("run", "returned.counter", "--strategy", "mirrored", "--mode", "eager")
    assert (done.status, done.errors) == (0, "")
