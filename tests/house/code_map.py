"""Writes the table of testbed/README.md from the first lines of the modules: `make map`."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.sources import TESTBED, python_files, tree_of

PAGE = TESTBED / "README.md"
BEGIN, END = "<!-- map -->", "<!-- end of map -->"


def rows() -> list[str]:
    """A row for each folder and module: its path and the first sentence of its docstring."""
    found = [(_name(path), _first_line(path)) for path in python_files(TESTBED)]
    listed = sorted((name, line) for name, line in found if name)
    return [f"| `{name}` | {line} |" for name, line in listed]


def with_map(page: str) -> str:
    """The page with a new table between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(["| where | what is there |", "|---|---|", *rows()])
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _name(path: Path) -> str:
    """Its path from the top of the package; a package is its folder."""
    inside = path.relative_to(TESTBED)
    if path.name != "__init__.py":
        return inside.as_posix()
    return f"{inside.parent.as_posix()}/" if inside.parent != Path() else ""


def _first_line(path: Path) -> str:
    text = ast.get_docstring(tree_of(path)) or ""
    return text.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(with_map(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
