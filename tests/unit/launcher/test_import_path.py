"""What a program imports where much is imported already: what plain Python would give it."""

from __future__ import annotations

import cmd
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from testbed.launcher.server.import_path import put_first, set_path


@pytest.fixture(autouse=True)
def imports_of_the_test() -> Iterator[None]:
    """Put back what a test has changed of what the whole process imports."""
    modules, path = dict(sys.modules), list(sys.path)
    yield
    sys.modules.clear()
    sys.modules.update(modules)
    sys.path[:] = path
    sys.path_importer_cache.clear()


def mine(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("MINE = True")


def is_mine(module: ModuleType) -> bool:
    return hasattr(module, "MINE")


def test_a_module_beside_the_program_replaces_an_imported_one(tmp_path: Path) -> None:
    """A program's own `cmd.py` is imported, and whoever has the standard library's keeps it."""
    mine(tmp_path, "cmd.py")
    put_first(str(tmp_path))
    assert sys.path[0] == str(tmp_path)
    assert is_mine(importlib.import_module("cmd"))
    assert not is_mine(cmd)


def test_a_package_replaces_a_package_with_all_that_is_in_it(tmp_path: Path) -> None:
    """A program's own package holds no modules of the one whose name it has."""
    importlib.import_module("rich.text")
    mine(tmp_path, "rich/__init__.py")
    put_first(str(tmp_path))
    assert is_mine(importlib.import_module("rich"))
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("rich.text")


@pytest.mark.parametrize("name", ["sys.py", "time.py", "zipimport.py", "os.py", "site.py"])
def test_what_python_starts_with_is_not_replaced(tmp_path: Path, name: str) -> None:
    """What plain Python has imported before it looks into the folder stays what it is."""
    before = sys.modules.get(Path(name).stem)
    mine(tmp_path, name)
    put_first(str(tmp_path))
    found = importlib.import_module(Path(name).stem)
    assert not is_mine(found)
    assert before is None or found is before


def test_a_folder_without_init_replaces_nothing(tmp_path: Path) -> None:
    """A folder of data named like a package comes after the package."""
    (tmp_path / "rich").mkdir()
    before = importlib.import_module("rich")
    put_first(str(tmp_path))
    assert importlib.import_module("rich") is before


def test_the_same_file_is_not_imported_twice(tmp_path: Path) -> None:
    """A program beside a package that is imported from there shares it."""
    before = importlib.import_module("tests.unit.builders")
    put_first(str(Path(__file__).parents[2]))
    assert importlib.import_module("tests.unit.builders") is before


def test_what_is_kept_is_not_replaced(tmp_path: Path) -> None:
    """A module that the caller needs stays, whatever the folder holds."""
    mine(tmp_path, "cmd.py")
    put_first(str(tmp_path), keep={"cmd"})
    assert importlib.import_module("cmd") is cmd


def test_only_new_folders_of_a_path_replace_modules(tmp_path: Path) -> None:
    """A path that another process had is taken over, and its new folders decide."""
    mine(tmp_path / "new", "cmd.py")
    path = [str(tmp_path / "new"), "/nowhere", *sys.path]
    set_path(path)
    assert sys.path == path
    assert is_mine(importlib.import_module("cmd"))


def test_a_safe_path_stays_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under PYTHONSAFEPATH the program's folder is not put on the path."""
    mine(tmp_path, "cmd.py")
    monkeypatch.setattr("testbed.launcher.server.import_path.safe_path", lambda: True)
    before = list(sys.path)
    put_first(str(tmp_path))
    assert sys.path == before
    assert importlib.import_module("cmd") is cmd
