"""Finds scenario scripts and reads what they declare, without running what they do.

A script imports TensorFlow and may create variables at its top, so the launching process cannot
import it. What it declares stands in a few statements that need neither: the imports from
`testbed`, literal constants, and the decorated functions. Those alone are executed here.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from testbed.catalogue.declarations import DeclarationError, Declarations, declarations
from testbed.catalogue.scenario import Scenario, with_script
from testbed.catalogue.source_file import SourceFile, read_source
from testbed.errors import UsageError

WAYS = "ways of sharing"
GROUPS = (WAYS, "kinds of object", "what people do", "what happens to workers", "other scripts")
"""A script names its group with `GROUP = "..."`; one that does not is of the last."""


@dataclass(frozen=True)
class Script:
    """A scenario script: its file as it was read, its one-line title, its scenarios in order."""

    source: SourceFile
    title: str
    scenarios: tuple[Scenario, ...]
    lines: tuple[tuple[int, int], ...]
    """The first and the last line of each scenario, its decorators included."""
    group: str = GROUPS[-1]

    @property
    def path(self) -> Path:
        """Its file."""
        return self.source.path

    @property
    def name(self) -> str:
        """The file's name without its ending, the first part of every scenario id."""
        return self.path.stem


def scenario_folder() -> Path:
    """Where the scripts that come with the testbed are: beside its code, installed or checked out.

    Raises:
        UsageError: neither place exists.
    """
    code = Path(__file__).resolve().parent.parent
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
    """The scenarios that a script declares. Its file is read once, and never again.

    Raises:
        UsageError: the file cannot be read, is not valid Python, declares nothing, or declares it
            in a way that needs more of the script than a literal.
    """
    if "." in path.stem:
        raise UsageError(f"{path}: case ids need a script name without dots; rename it")
    source = read_source(path)
    try:
        return _script(source)
    except (RecursionError, MemoryError) as problem:
        # Python's own parser and compiler raise these, of what a program has written.
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
    return Script(source, title, tuple(made), tuple(declared.lines.values()), group)


def _execute(declared: Declarations, path: Path) -> dict[str, object]:
    """The names that the declarations bind."""
    names: dict[str, object] = {"__name__": path.stem}
    try:
        exec(compile(declared.module, str(path), "exec"), names)
    except SyntaxError as problem:
        raise UsageError(f"{path}:{problem.lineno}: syntax error: {problem.msg}") from problem
    except (RecursionError, MemoryError):
        raise
    except Exception as problem:
        # Whatever a script does wrong here, the other scripts still run.
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
    """Where the script was when something raised, as `:12`."""
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
