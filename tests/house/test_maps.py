"""The maps: each README names everything that is there, and nothing that is not.

A map's rows are those of its tables whose first cell names a file or folder in backticks, like
`returned.py` or `launcher/`, by its path from the folder of the README.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from testbed.catalogue import find_scripts
from tests.house.sources import SCENARIOS, TESTBED, python_files

_NAME = re.compile(r"`([^`]+(?:\.py|/))`")


def rows_of(readme: Path) -> list[str]:
    """The files and folders that the first cells of a README's tables name."""
    lines = readme.read_text(encoding="utf-8").splitlines()
    first_cells = [line.split("|")[1] for line in lines if line.lstrip().startswith("|")]
    return [name for cell in first_cells for name in _NAME.findall(cell)]


def parts_of_the_testbed() -> set[str]:
    """Every module and every folder of the testbed; a package's own file is its folder's row."""
    paths = [path.relative_to(TESTBED) for path in python_files(TESTBED)]
    modules = {path.as_posix() for path in paths if path.name != "__init__.py"}
    folders = {f"{path.parent.as_posix()}/" for path in paths if path.parent != Path()}
    return modules | folders


def parts(folder: Path) -> set[str]:
    if folder == TESTBED:
        return parts_of_the_testbed()
    return {path.name for path in find_scripts(folder)}


@pytest.mark.parametrize("folder", [TESTBED, SCENARIOS], ids=lambda folder: str(folder.name))
def test_the_map_is_complete(folder: Path) -> None:
    """Everything that the folder holds has its row in the folder's README."""
    assert parts(folder) - set(rows_of(folder / "README.md")) == set()


@pytest.mark.parametrize("folder", [TESTBED, SCENARIOS], ids=lambda folder: str(folder.name))
def test_the_map_names_nothing_else(folder: Path) -> None:
    """What a row of the README names is there, and has no second row."""
    named = rows_of(folder / "README.md")
    assert set(named) - parts(folder) == set()
    assert len(named) == len(set(named))
