"""Selects the cases to run by the names and patterns on the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from testbed.catalogue.discovery import Script, find_scripts, read_scripts, scenario_folder
from testbed.catalogue.scenario import MODES, Case, Scenario
from testbed.cluster.strategies import Deployment
from testbed.errors import MOST_NAMED, UsageError, did_you_mean, unknown_name


@dataclass(frozen=True)
class Selection:
    """The cases to run, the scripts they come from, and the scripts that could not be read."""

    scripts: tuple[Script, ...]
    cases: tuple[Case, ...]
    problems: tuple[str, ...]

    @cached_property
    def _by_id(self) -> dict[str, tuple[Script, Scenario]]:
        return {made.id: (script, made) for script in self.scripts for made in script.scenarios}

    def scenario(self, case: Case) -> Scenario:
        """The scenario of a selected case."""
        return self._by_id[case.scenario][1]

    def script(self, case: Case) -> Script:
        """The script of a selected case."""
        return self._by_id[case.scenario][0]

    def require_cases(self, lacking: str) -> None:
        """Reject a selection without a case.

        Args:
            lacking: why no case is left where every script could be read.

        Raises:
            UsageError: says why none is left.
        """
        if self.cases:
            return
        if self.problems:
            raise UsageError("no other script was selected, so nothing is run")
        raise UsageError(f"no case is left: {lacking} (testbed list shows all)")


def select(
    patterns: Sequence[str], deployments: Sequence[Deployment], modes: Sequence[str] | None
) -> Selection:
    """Select the cases that match any of the patterns, or all cases where no pattern is given.

    A pattern is the name of a script (`module_global`), the name of a scenario
    (`module_global.counter`), a case id, any of these with `*` and `?`, or the path of a script.

    Raises:
        UsageError: nothing matches a pattern, two scripts have one name, or a mode is unknown.
    """
    _require_modes(modes or ())
    paths, names = _split(patterns)
    shipped = find_scripts(scenario_folder()) if names or not paths else []
    scripts, problems = read_scripts(dict.fromkeys([*paths, *shipped]))
    _require_distinct(scripts)
    cases = [
        case for script in scripts for made in script.scenarios for case in made.cases(deployments)
    ]
    for name in names:
        if not any(matches(name, case) for case in cases):
            raise UsageError(_nothing_matches(name, scripts, cases))
    own = {path.stem for path in paths}

    def is_selected(case: Case) -> bool:
        named = case.script in own or any(matches(name, case) for name in names)
        return (named or not patterns) and (not modes or case.mode in modes)

    return Selection(tuple(scripts), tuple(filter(is_selected, cases)), tuple(problems))


def _require_modes(modes: Sequence[str]) -> None:
    unknown = sorted(set(modes) - set(MODES))
    if unknown:
        raise UsageError(unknown_name("mode", unknown[0], MODES))


def matches(pattern: str, case: Case) -> bool:
    """Whether a pattern matches the script, the scenario or the id of a case."""
    wildcard = re.compile(
        "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    )
    names = (case.script, case.scenario, case.id)
    return any(wildcard.fullmatch(name) for name in names)


def _split(patterns: Sequence[str]) -> tuple[list[Path], list[str]]:
    paths: list[Path] = []
    for pattern in patterns:
        path = Path(pattern)
        if path.suffix != ".py":
            continue
        if not path.is_file():
            raise UsageError(f"no such script: {pattern}")
        if path.resolve() not in paths:
            paths.append(path.resolve())
    return paths, [pattern for pattern in patterns if Path(pattern).suffix != ".py"]


def _require_distinct(scripts: Sequence[Script]) -> None:
    seen: dict[str, Script] = {}
    for script in scripts:
        first = seen.setdefault(script.name, script)
        if first.path != script.path:
            raise UsageError(
                f"{first.path} and {script.path} have one name, and case ids need it; rename one"
            )


def _nothing_matches(name: str, scripts: Sequence[Script], cases: Sequence[Case]) -> str:
    known = [script.name for script in scripts] + sorted({case.scenario for case in cases})
    hint = did_you_mean(name, known)
    if not hint and len(scripts) <= MOST_NAMED:
        hint = f"; choose from {', '.join(script.name for script in scripts)}"
    return f"no scenario matches '{name}'{hint} (testbed list shows all)"
