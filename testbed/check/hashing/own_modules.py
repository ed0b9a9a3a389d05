"""The syntax trees of a program and of the modules that it imports from its folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from testbed.orders.own_code import Program

# A program of more modules is not read further.
_MOST = 200
_LARGEST_BYTES = 1_000_000


def own_modules(program: Program) -> dict[str, ast.Module]:
    """The syntax trees of the program and of the modules in its folder, in the order of imports.

    Only imports that the text names are followed. Files that cannot be read or parsed are left out.
    """
    folder = Path.cwd() if program.is_module else Path(program.name).absolute().parent
    names = [f"{program.name}.__main__", program.name] if program.is_module else []
    files = [file for name in names for file in _files_of(folder, name)]
    if not program.is_module:
        files = [Path(program.name).absolute()]
    trees: dict[str, ast.Module] = {}
    seen: set[Path] = set()
    while files and len(seen) < _MOST:
        file = files.pop(0)
        if file in seen:
            continue
        seen.add(file)
        is_copied = bool(program.copy) and file == Path(program.name).absolute()
        if tree := _tree(Path(program.copy) if is_copied else file):
            trees[str(file)] = tree
            files += _imported(tree, file, folder)
    return trees


def _tree(file: Path) -> ast.Module | None:
    try:
        data = file.read_bytes()
        return ast.parse(data) if len(data) <= _LARGEST_BYTES else None
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imported(tree: ast.Module, file: Path, folder: Path) -> Iterator[Path]:
    """The files in the folder of the program that the imports of a module may load."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield from _files_of(folder, each.name)
        elif isinstance(node, ast.ImportFrom):
            start = file.parents[node.level - 1] if 0 < node.level <= len(file.parents) else folder
            for each in node.names:
                yield from _files_of(start, ".".join(filter(None, (node.module, each.name))))


def _files_of(folder: Path, name: str) -> Iterator[Path]:
    """The files of a module and of the packages around it, as far as they exist."""
    for part in name.split("."):
        for file in (folder / f"{part}.py", folder / part / "__init__.py"):
            if file.is_file():
                yield file
        folder /= part
