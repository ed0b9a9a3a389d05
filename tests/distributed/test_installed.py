"""The wheel, installed where nothing else is and beside a TensorFlow that is there already."""

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
    wanted = f"{wheel}[tensorflow]"
    _run(tmp_path, str(python), "-m", "pip", "install", "-q", "-c", constraints, wanted)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shown = _run(elsewhere, str(python.parent / "testbed"), "run", "returned", "*.counter")
    assert " 0 unexpected" in shown
    assert "module_global" in shown
    shown = _run(elsewhere, str(python.parent / "testbed"), "explain", "TB101")
    assert "tf.distribute.MirroredStrategy()" in shown


PROGRAM = """
import tensorflow as tf
strategy = tf.distribute.MirroredStrategy()
steps = tf.Variable(0.0)
for _ in range(2):
    strategy.run(lambda: steps.assign_add(1.0))
"""
MARKED = """
import pytest
import tensorflow as tf

@pytest.mark.distributed(workers=2)
def test_counts(bed):
    steps = bed.make(lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN))
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)
"""


@pytest.mark.soak
@pytest.mark.parametrize(
    "tensorflow",
    [
        pytest.param(
            "tensorflow==2.15.1",
            marks=pytest.mark.skipif(
                sys.version_info >= (3, 12), reason="TensorFlow 2.15 needs Python 3.11 or older"
            ),
        ),
        pytest.param(
            "tensorflow-cpu==2.18.1",
            marks=pytest.mark.skipif(
                sys.version_info >= (3, 13), reason="TensorFlow 2.18 needs Python 3.12 or older"
            ),
        ),
        "tensorflow==2.20.0",
    ],
)
def test_installing_changes_no_tensorflow(built: Path, tmp_path: Path, tensorflow: str) -> None:
    """The packages of an environment stay as they are, and commands use its TensorFlow."""
    (wheel,) = built.glob("*.whl")
    _run(tmp_path, sys.executable, "-m", "venv", "env")
    bin = tmp_path / "env/bin"
    pip = (str(bin / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet")
    _run(tmp_path, *pip, "install", tensorflow, "pytest")
    before = _packages(tmp_path, *pip)
    _run(tmp_path, *pip, "install", str(wheel))
    assert before - _packages(tmp_path, *pip) == set()
    _run(tmp_path, *pip, "check")

    version = tensorflow.partition("==")[2]
    assert f", TensorFlow {version} (tested: " in _run(tmp_path, str(bin / "testbed"), "--version")
    shown = _run(tmp_path, str(bin / "testbed"), "run", "returned", "--strategy", "mirrored")
    assert " 0 unexpected" in shown
    (tmp_path / "train.py").write_text(PROGRAM)
    assert "train.py:4: error TB101" in _run(
        tmp_path, str(bin / "testbed"), "check", "train.py", status=1
    )
    (tmp_path / "test_marked.py").write_text(MARKED)
    assert "2 passed" in _run(tmp_path, str(bin / "python"), "-m", "pytest", "-q", "test_marked.py")


def _packages(folder: Path, *pip: str) -> set[str]:
    """The packages of an environment, with their versions."""
    return set(_run(folder, *pip, "freeze").split("\n"))


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


def _run(folder: Path, *command: str, status: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr
