"""The wheel, installed where nothing else is, runs its scenarios from any folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distributed.conftest import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("built")
    shown = _run(folder, sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT))
    assert "warning" not in shown.lower()
    return folder


@pytest.mark.soak
def test_source_distribution(built: Path, tmp_path: Path) -> None:
    """It has the tests and all that they read."""
    (archive,) = built.glob("*.tar.gz")
    _run(tmp_path, "tar", "--extract", "--strip-components=1", "--file", str(archive))
    shown = _run(
        tmp_path, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/house"
    )
    assert " passed" in shown


@pytest.mark.soak
def test_installed_wheel(built: Path, tmp_path: Path) -> None:
    """Built, installed in an empty environment and run from another folder."""
    (wheel,) = built.glob("*.whl")
    _run(tmp_path, sys.executable, "-m", "venv", "empty")
    python = tmp_path / "empty/bin/python"
    constraints = str(ROOT / "constraints.txt")
    _run(tmp_path, str(python), "-m", "pip", "install", "-q", "-c", constraints, str(wheel))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shown = _run(elsewhere, str(python.parent / "testbed"), "run", "returned", "*.counter")
    assert " 0 unexpected" in shown
    assert "module_global" in shown
    shown = _run(elsewhere, str(python.parent / "testbed"), "explain", "TB101")
    assert "tf.distribute.MirroredStrategy()" in shown


@pytest.mark.soak
def test_the_container_has_all_that_the_package_needs(tmp_path: Path) -> None:
    """The files that the container file copies exist, and pip can build the package from them."""
    text = (ROOT / "docs/container/Containerfile").read_text(encoding="utf-8")
    copied = [line.split()[1:] for line in text.splitlines() if line.startswith("COPY ")]
    assert copied
    for *sources, target in copied:
        for source in sources:
            to = tmp_path / target / (Path(source).name if target.endswith("/") else "")
            to.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, to)
    _run(tmp_path, sys.executable, "-m", "build", "--wheel", str(tmp_path))
    assert list(tmp_path.glob("dist/*.whl"))


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _run(folder: Path, *command: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = _environment() if "testbed" in command else inherited
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
