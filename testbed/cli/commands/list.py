"""`testbed list`: list the scenarios with their claims and their expected failures."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from testbed.catalogue.discovery import WAYS, Script
from testbed.catalogue.lookup import count_of, failures_of, mentioning, symptoms_of
from testbed.catalogue.scenario import Scenario
from testbed.catalogue.selection import Selection, matches, select
from testbed.cli.options.list import ListOptions
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from testbed.errors import OK, WRONG_COMMAND, UsageError, unknown_name
from testbed.terminal import complain

BEGIN = "<!-- catalogue: make catalogue writes this -->"
END = "<!-- end of catalogue -->"
ALL = "all"
JSON_VERSION = 1


@dataclass(frozen=True)
class ListedScript:
    """A script with those of its scenarios that are listed."""

    script: Script
    scenarios: tuple[Scenario, ...]


def main(options: ListOptions) -> int:
    """Print the scenarios that the options name, without importing TensorFlow."""
    selection = _select(options.patterns)
    if selection.problems and not selection.scripts:
        for problem in selection.problems:
            complain(problem)
        return WRONG_COMMAND
    listed = _listed(selection, options)
    if options.write:
        _write(Path(options.write), "\n".join(_as_markdown(listed)))
    elif options.json:
        print(json.dumps(_as_json(listed), indent=1))
    else:
        print("\n".join(_form(options)(listed)))
    for problem in selection.problems:
        complain(problem)
    return WRONG_COMMAND if selection.problems else OK


def _form(options: ListOptions) -> Callable[[Sequence[ListedScript]], Iterator[str]]:
    if options.markdown:
        return _as_markdown
    return _as_text if options.verbose else _folded


def _select(patterns: Sequence[str]) -> Selection:
    """The scenarios that the patterns name; a word that is no name selects what mentions it.

    Raises:
        UsageError: a pattern names nothing, and nothing mentions it.
    """
    everything = select([], DEFAULT_DEPLOYMENTS, None)
    if not patterns:
        return everything
    found: list[str] = []
    for pattern in patterns:
        named = any(matches(pattern, case) for case in everything.cases)
        mentioned = mentioning(pattern, everything.scripts)
        found += [pattern] if named or not mentioned else [made.id for made in mentioned]
    return select(found, DEFAULT_DEPLOYMENTS, None)


def _listed(selection: Selection, options: ListOptions) -> list[ListedScript]:
    """The scripts that the options select, each with the selected scenarios.

    Raises:
        UsageError: there is no such way of sharing, or no such scenario.
    """
    ways = [script.name for script in selection.scripts if script.group == WAYS]
    if options.way and options.way not in (*ways, ALL):
        raise UsageError(unknown_name("way of sharing", options.way, [*ways, ALL]))
    named = {case.scenario for case in selection.cases}
    listed = []
    for script in selection.scripts:
        if options.way and (script.group != WAYS or options.way not in (script.name, ALL)):
            continue
        shown = tuple(
            made
            for made in script.scenarios
            if made.id in named and (not options.symptom or symptoms_of([made])[options.symptom])
        )
        if shown:
            listed.append(ListedScript(script, shown))
    if not listed:
        raise UsageError("no such scenario is left (testbed list shows all)")
    return listed


def _write(page: Path, table: str) -> None:
    """Replace the text between the two marks of a page."""
    try:
        head, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    except OSError as problem:
        raise UsageError(f"--write {page}: {problem.strerror}") from problem
    _, end, tail = rest.partition(END)
    if not end:
        raise UsageError(f"--write {page}: no lines '{BEGIN}' and '{END}' in it")
    # Imported here: printing the list needs no launcher.
    from testbed.launcher.run_folder import write_text

    write_text(page, f"{head}{begin}\n{table}\n{end}{tail}")


def _folded(listed: Sequence[ListedScript]) -> Iterator[str]:
    """One line for each script: its name, its scenarios, its failing cases and its title."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    names = [f"  {each.script.name}" for each in listed]
    longest = max(map(len, [*names, *(each.script.group for each in listed)]))
    for group, together in groupby(listed, key=lambda each: each.script.group):
        yield f"{group:{longest}}  scenarios  cases that fail"
        for each in together:
            failing = symptoms_of(each.scenarios).total()
            counts = f"{failing} of {count_of(each.scenarios)}"
            begin = f"{f'  {each.script.name}':{longest}}  {len(each.scenarios):>9}  {counts:>15}  "
            title = each.script.title.rstrip(".")
            if width and len(begin + title) > width:
                # The words before the colon repeat the name.
                title = title.partition(": ")[2] or title
            line = begin + title
            yield line if not width or len(line) <= width else f"{line[: width - 3]}..."
        yield ""
    yield _total(listed)
    yield "testbed list NAME -v shows the claims; testbed run NAME runs them"


def _as_text(listed: Sequence[ListedScript]) -> Iterator[str]:
    group, several_groups = "", len({each.script.group for each in listed}) > 1
    for each in listed:
        script = each.script
        if script.group != group and several_groups:
            yield f"# {script.group}\n"
            group = script.group
        yield f"{script.name}: {script.title}"
        for made in each.scenarios:
            yield f"  {made.name}: {made.claim}"
            yield f"      {', '.join(made.sites)}; {', '.join(made.modes)}; {_where(made)}"
        yield ""
    yield _total(listed)


def _total(listed: Sequence[ListedScript]) -> str:
    scenarios = [made for each in listed for made in each.scenarios]
    count = f"{len(scenarios)} scenario{'s' * (len(scenarios) != 1)}"
    return f"{count}, {count_of(scenarios)} cases on the default strategies"


def _as_json(listed: Sequence[ListedScript]) -> dict[str, Any]:
    return {
        "version": JSON_VERSION,
        "scripts": [
            {
                "name": each.script.name,
                "title": each.script.title,
                "group": each.script.group,
                "path": str(each.script.path),
                "scenarios": [_scenario_as_json(made) for made in each.scenarios],
            }
            for each in listed
        ],
    }


def _scenario_as_json(made: Scenario) -> dict[str, Any]:
    return {
        "id": made.id,
        "claim": made.claim,
        "sites": made.sites,
        "modes": made.modes,
        "strategies": made.strategies,
        "cases": count_of([made]),
        "symptoms": symptoms_of([made]),
        "failures": [
            {
                "symptom": each.symptom,
                "error": each.error,
                "versions": each.versions,
                "cases": cases,
            }
            for each, cases in failures_of(made).items()
        ],
    }


def _as_markdown(listed: Sequence[ListedScript]) -> Iterator[str]:
    for group, together in groupby(listed, key=lambda each: each.script.group):
        yield f"### {group.capitalize()}\n"
        yield "| script | what it is about | scenarios | symptoms it shows |"
        yield "|---|---|---|---|"
        for each in together:
            symptoms = sorted(symptoms_of(each.scenarios))
            shown = ", ".join(f"`{symptom}`" for symptom in symptoms) or "none"
            title = each.script.title.rstrip(".").replace("|", "\\|")
            yield f"| `{each.script.path.name}` | {title} | {len(each.scenarios)} | {shown} |"
        yield ""


def _where(made: Scenario) -> str:
    """How many of the default cases fail, and how."""
    failures = failures_of(made)
    if not failures:
        return "behaves everywhere"
    cases = count_of([made])
    return "breaks: " + ", ".join(
        f"{what} in {number} of {cases} cases" for what, number in failures.items()
    )
