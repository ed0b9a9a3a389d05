"""Processes of the testbed import nothing from the folder in which the user works."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from testbed.bootstrap import python_command
from testbed.errors import LaunchError
from testbed.launcher.server.preloaded import preloaded_server
from tests.house.sources import ROOT
from tests.process.conftest import Launcher

TELLS = """
import json, sys
import testbed.errors
print(json.dumps([sys.path, sys.argv[1:], __name__, testbed.__file__]))
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a module for each name that a process may import."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    for name in {*sys.stdlib_module_names, "testbed", "tests", "tensorflow", "numpy", "rich"}:
        (folder / f"{name}.py").write_text(f"raise SystemExit('the folder\\'s {name} was run')")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that has nothing installed."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    return str(folder / "bin" / "python")


@pytest.mark.parametrize("fresh", [False, True], ids=["forked", "fresh"])
@pytest.mark.usefixtures("hostile")
def test_server_and_workers_import_nothing_from_there(launcher: Launcher, fresh: bool) -> None:
    """The server, forked workers and new interpreters run none of the folder's modules."""
    end = launcher.run("report", fresh=fresh, preload=[] if fresh else ["tests.process.programs"])
    assert end.cause == ""


@pytest.mark.usefixtures("hostile")
def test_the_command_imports_nothing_from_there() -> None:
    """The command as engines start it does not, either."""
    command = python_command("testbed", "list", "returned")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "returned   " in done.stdout


@pytest.mark.parametrize("python", ["own", "bare"])
@pytest.mark.parametrize("safe", ["", "1"], ids=["plain", "safe path"])
def test_the_path_is_that_of_the_environment(
    tmp_path: Path, bare_python: str, python: str, safe: str
) -> None:
    """A module that is run so has the path of plain Python without the script's own folder."""
    (tmp_path / "tells.py").write_text(TELLS)
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "path.py").write_text("import json, sys\nprint(json.dumps(sys.path))")
    chosen = sys.executable if python == "own" else bare_python
    environment = {"PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": safe}

    def told(*command: str) -> list[object]:
        output = subprocess.check_output(
            command, cwd=tmp_path / "else", env=environment, text=True, timeout=60
        )
        return list(json.loads(output))

    plain = told(chosen, "path.py")
    if not (safe and sys.version_info >= (3, 11)):
        assert plain.pop(0) == str(tmp_path / "else")
    found = told(*python_command("tells", "1", "-m", python=chosen))
    assert found == [plain, ["1", "-m"], "__main__", str(ROOT / "testbed" / "__init__.py")]


def test_an_interpreter_without_the_testbed_can_serve(launcher: Launcher, bare_python: str) -> None:
    """Another interpreter finds this testbed, and programs in it see no variable of ours."""

    async def go() -> None:
        preload = ["testbed.launcher.server.channel", "testbed.catalogue.bed"]
        async with preloaded_server(preload, launcher.folder, bare_python) as server:
            variables = Path(f"/proc/{server.pid}/environ").read_bytes().split(b"\0")
            own = os.environb.get(b"PYTHONPATH")
            kept = [each for each in variables if each.startswith(b"PYTHONPATH=")]
            assert kept == ([b"PYTHONPATH=" + own] if own is not None else [])

    asyncio.run(go())


def test_a_server_that_ends_is_quoted(
    launcher: Launcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server ends before it is ready, the error names its log and the last line of it."""
    (tmp_path / "leaves.py").write_text("raise SystemExit('no more today')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    with pytest.raises(LaunchError) as raised:
        launcher.run("report", preload=["leaves"])
    assert str(raised.value) == (
        "the preloaded server ended before it was ready;"
        f" see {launcher.folder.server_log}, which ends: no more today"
    )
