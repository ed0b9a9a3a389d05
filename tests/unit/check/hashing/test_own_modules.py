"""The files of which a program consists."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.check.hashing.own_modules import own_modules
from testbed.orders.own_code import Program

FILES = {
    "train.py": "import numpy, data.words\nfrom models import big\nimport json as unused",
    "data/__init__.py": "",
    "data/words.py": "from . import labels\nfrom .. import outside\nfrom .labels import NAMES",
    "data/labels.py": "NAMES = 1",
    "models/__init__.py": "from models.base import Model",
    "models/base.py": "import train",
    "models/big.py": "this is no Python",
    "models/other.py": "",
    "other.py": "",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program and its modules."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


def names(folder: Path, program: Program) -> list[str]:
    return sorted(str(Path(file).relative_to(folder)) for file in own_modules(program))


OWN = [
    *("data/__init__.py", "data/labels.py", "data/words.py"),
    *("models/__init__.py", "models/base.py", "train.py"),
]


def test_a_script_and_its_modules(folder: Path) -> None:
    """Modules of libraries, of no import and without valid Python are left out."""
    assert names(folder, Program(str(folder / "train.py"))) == OWN


def test_a_module_and_its_modules(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are found from the working folder; a package runs its `__main__`."""
    monkeypatch.chdir(folder)
    assert names(folder, Program("train", is_module=True)) == OWN
    (folder / "models/__main__.py").write_text("import other")
    found = names(folder, Program("models", is_module=True))
    assert {"models/__main__.py", "other.py"} <= {*found}


def test_the_copy_that_runs(folder: Path) -> None:
    """The text of the program is that of its copy, under its own name."""
    (folder / "copy.py").write_text("import other")
    program = Program(str(folder / "train.py"), copy=str(folder / "copy.py"))
    assert names(folder, program) == ["other.py", "train.py"]


def test_a_program_that_is_gone(tmp_path: Path) -> None:
    """Nothing is known of it, and nothing fails."""
    assert own_modules(Program(str(tmp_path / "none.py"))) == {}
