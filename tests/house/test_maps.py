"""The maps: each README names everything that is there, and nothing that is not.

The rows of scenarios/README.md are those of its tables whose first cell names a file in backticks.
The table of testbed/README.md is generated.
"""

from __future__ import annotations

import re
from pathlib import Path

from testbed.catalogue.discovery import find_scripts
from tests.house.code_map import PAGE, with_map
from tests.house.sources import SCENARIOS

_NAME = re.compile(r"`([^`]+(?:\.py|/))`")


def rows_of(readme: Path) -> list[str]:
    """The files and folders that the first cells of a README's tables name."""
    lines = readme.read_text(encoding="utf-8").splitlines()
    first_cells = [line.split("|")[1] for line in lines if line.lstrip().startswith("|")]
    return [name for cell in first_cells for name in _NAME.findall(cell)]


def test_the_map_of_the_code_is_up_to_date() -> None:
    """The table of testbed/README.md is what `make map` writes."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_map(page)


def test_the_map_of_scenarios_is_complete() -> None:
    """Each scenario script has one row in scenarios/README.md, and each row its script."""
    named = rows_of(SCENARIOS / "README.md")
    assert sorted(named) == sorted(path.name for path in find_scripts(SCENARIOS))
