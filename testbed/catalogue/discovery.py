"""Finds scenario scripts and reads their declarations, without running the scripts.

A script imports TensorFlow and may create variables at its top, so the launching process cannot
import it. A few statements hold its declarations and need no TensorFlow: the imports from
`testbed`, literal constants, and the decorated functions. Only those are executed here.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed.catalogue.declarations import DeclarationError, Declarations, declarations
from testbed.catalogue.scenario import Scenario, with_script
from testbed.catalogue.source_file import SourceFile, read_source
from testbed.errors import UsageError

WAYS = "ways of sharing"
GROUPS = (WAYS, "kinds of object", "what people do", "what happens to workers", "other scripts")
"""The groups of scripts. A script sets `GROUP = "..."`; without it, it is in the last group."""


@dataclass(frozen=True)
class Script:
    """A scenario script: the file as it was read, the title of one line, the scenarios in order."""

    source: SourceFile
    title: str
    scenarios: tuple[Scenario, ...]
    lines: tuple[tuple[int, int], ...]
    """The first and the last line of each scenario, its decorators included."""
    group: str = GROUPS[-1]
    imports: frozenset[str] = frozenset()
    """The packages that it imports at its top."""

    @property
    def path(self) -> Path:
        """The path of its file."""
        return self.source.path

    @property
    def name(self) -> str:
        """The file's name without its ending, the first part of every scenario id."""
        return self.path.stem


def scenario_folder() -> Path:
    """The folder of the shipped scripts: beside the testbed's code, installed or checked out.

    Raises:
        UsageError: neither place exists.
    """
    code = Path(__file__).resolve().parent.parent
    for folder in (code / "scenarios", code.parent / "scenarios"):
        if folder.is_dir():
            return folder
    raise UsageError(f"no scenario scripts beside {code}; reinstall tf-scope-testbed")


def find_scripts(folder: Path) -> list[Path]:
    """Find the scenario scripts of a folder, in the order of their names."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def read_scripts(paths: Iterable[Path]) -> tuple[list[Script], list[str]]:
    """Read scripts, sorted by group; the second list has a message for each unreadable script."""
    scripts, problems = [], []
    for path in paths:
        try:
            scripts.append(read_script(path))
        except UsageError as problem:
            problems.append(str(problem))
    return sorted(scripts, key=lambda script: GROUPS.index(script.group)), problems


def read_script(path: Path) -> Script:
    """Read the scenarios that a script declares. The file is read only once.

    Raises:
        UsageError: the file cannot be read, is not valid Python, declares nothing, or has a
            declaration that needs other parts of the script than literals.
    """
    if "." in path.stem:
        raise UsageError(f"{path}: case ids need a script name without dots; rename it")
    source = read_source(path)
    try:
        return _script(source)
    except (RecursionError, MemoryError) as problem:
        # Python's parser and compiler raise these for deeply nested generated code.
        raise UsageError(f"{path}: nested too deeply for Python's compiler") from problem


def _script(source: SourceFile) -> Script:
    path = source.path
    try:
        tree = ast.parse(source.data, str(path))
        declared = declarations(tree)
    except SyntaxError as problem:
        raise UsageError(f"{path}:{problem.lineno}: syntax error: {problem.msg}") from problem
    except DeclarationError as problem:
        raise UsageError(f"{path}:{problem.line}: {problem}") from problem
    except ValueError as problem:
        raise UsageError(f"{path}: cannot be read: {problem}") from problem
    if not declared.lines:
        raise UsageError(f"{path}: no function in it is decorated with @scenario(...)")
    names = _execute(declared, path)
    made = [_scenario(names, name, path, line) for name, (line, _) in declared.lines.items()]
    title = (ast.get_docstring(tree) or path.stem).splitlines()[0]
    group = str(names.get("GROUP", GROUPS[-1]))
    if group not in GROUPS:
        raise UsageError(f"{path}: unknown GROUP '{group}': choose from {', '.join(GROUPS)}")
    lines = tuple(declared.lines.values())
    return Script(source, title, tuple(made), lines, group, frozenset(_imports(tree)))


def _imports(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            yield from (each.name.partition(".")[0] for each in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            yield statement.module.partition(".")[0]


def _execute(declared: Declarations, path: Path) -> dict[str, object]:
    """Execute the declarations and return the names that they bind."""
    names: dict[str, object] = {"__name__": path.stem}
    try:
        exec(compile(declared.module, str(path), "exec"), names)
    except SyntaxError as problem:
        raise UsageError(f"{path}:{problem.lineno}: syntax error: {problem.msg}") from problem
    except (RecursionError, MemoryError):
        raise
    except Exception as problem:
        # A mistake in one script must not keep the other scripts from running.
        at = f"{path}{_line_of(problem, path)}"
        if isinstance(problem, UsageError):
            raise UsageError(f"{at}: {problem}") from problem
        if isinstance(problem, NameError):
            raise UsageError(
                f"{at}: {problem}; @scenario and @breaks may use literals and the case only"
            ) from problem
        raise UsageError(f"{at}: {type(problem).__name__}: {problem}") from problem
    return names


def _line_of(problem: Exception, path: Path) -> str:
    """The line of the script at which an exception was raised, as `:12`; empty if unknown."""
    frames = traceback.walk_tb(problem.__traceback__)
    lines = [line for frame, line in frames if frame.f_code.co_filename == str(path)]
    return f":{lines[-1]}" if lines else ""


def _scenario(names: dict[str, object], name: str, path: Path, line: int) -> Scenario:
    made = names[name]
    if not isinstance(made, Scenario):
        raise UsageError(
            f"{path}:{line}: what decorates '{name}' makes a {type(made).__name__} of it;"
            " @scenario must be its first decorator"
        )
    return with_script(made, path.stem)
