"""Finds scenario scripts and reads what they declare, without running what they do.

A script imports TensorFlow and may create variables at its top, so the launching process cannot
import it. What it declares stands in a few statements that need neither: the imports from
`testbed`, literal constants, and the decorated functions. Those alone are executed here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import UsageError
from testbed.scenario import Scenario, with_script

WAYS = "ways of sharing"
GROUPS = (WAYS, "kinds of object", "what people do", "what happens to workers", "other scripts")
"""A script names its group with `GROUP = "..."`; one that does not is of the last."""


@dataclass(frozen=True)
class Script:
    """A scenario script: its file, its one-line title, and its scenarios in file order."""

    path: Path
    title: str
    scenarios: tuple[Scenario, ...]
    group: str = GROUPS[-1]

    @property
    def name(self) -> str:
        """The file's name without its ending, the first part of every scenario id."""
        return self.path.stem


def scenario_folder() -> Path:
    """Where the scripts that come with the testbed are: beside its code, installed or checked out.

    Raises:
        UsageError: neither place exists.
    """
    code = Path(__file__).resolve().parent
    for folder in (code / "scenarios", code.parent / "scenarios"):
        if folder.is_dir():
            return folder
    raise UsageError(f"no scenario scripts beside {code}; reinstall scope-testbed")


def find_scripts(folder: Path) -> list[Path]:
    """The scenario scripts of a folder, in the order of their names."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def read_scripts(paths: Iterable[Path]) -> tuple[list[Script], list[str]]:
    """Read scripts, group by group; one that cannot be read becomes a line of the second list."""
    scripts, problems = [], []
    for path in paths:
        try:
            scripts.append(read_script(path))
        except UsageError as problem:
            problems.append(str(problem))
    return sorted(scripts, key=lambda script: GROUPS.index(script.group)), problems


def read_script(path: Path) -> Script:
    """The scenarios that a script declares.

    Raises:
        UsageError: the file cannot be read, is not valid Python, declares nothing, or declares it
            in a way that needs more of the script than a literal.
    """
    if "." in path.stem:
        raise UsageError(f"{path}: case ids need a script name without dots; rename it")
    tree = _parse(path)
    declared = [_plain(node) for node in tree.body if _declares(node)]
    if not any(isinstance(node, ast.FunctionDef) for node in declared):
        raise UsageError(f"{path}: no function in it is decorated with @scenario(...)")
    names: dict[str, object] = {"__name__": path.stem}
    try:
        exec(compile(ast.Module(declared, type_ignores=[]), str(path), "exec"), names)
    except SyntaxError as problem:
        raise UsageError(f"{path}:{problem.lineno}: syntax error: {problem.msg}") from problem
    except NameError as problem:
        raise UsageError(
            f"{path}: {problem}; @scenario and @breaks may use literals and the case only"
        ) from problem
    except UsageError as problem:
        raise UsageError(f"{path}: {problem}") from problem
    except Exception as problem:
        # Whatever a script does wrong here, the other scripts still run.
        raise UsageError(f"{path}: {type(problem).__name__}: {problem}") from problem
    found = [with_script(made, path.stem) for made in names.values() if isinstance(made, Scenario)]
    title = (ast.get_docstring(tree) or path.stem).splitlines()[0]
    group = str(names.get("GROUP", GROUPS[-1]))
    if group not in GROUPS:
        raise UsageError(f"{path}: unknown GROUP '{group}': choose from {', '.join(GROUPS)}")
    return Script(path, title, tuple(found), group)


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as problem:
        raise UsageError(f"{path}:{problem.lineno}: syntax error: {problem.msg}") from problem
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        raise UsageError(f"{path}: cannot be read: {problem}") from problem


def _declares(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        return any(_calls_scenario(decorator) for decorator in node.decorator_list)
    if isinstance(node, ast.ImportFrom):
        return node.module in ("testbed", "__future__")
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and _is_literal(node.value)
    if not isinstance(node, ast.Assign):
        return False
    return all(isinstance(target, ast.Name) for target in node.targets) and _is_literal(node.value)


def _plain(node: ast.stmt) -> ast.stmt:
    """An annotated constant without its annotation, which may need what the script imports."""
    if not isinstance(node, ast.AnnAssign) or node.value is None:
        return node
    return ast.copy_location(ast.Assign([node.target], node.value), node)


def _calls_scenario(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id == "scenario"


def _is_literal(value: ast.expr | None) -> bool:
    try:
        return value is not None and bool(ast.literal_eval(value) or True)
    except (ValueError, TypeError):
        return False
