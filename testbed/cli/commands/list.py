"""`testbed list`: list every scenario with its claim and its expected failures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from testbed.catalogue.scenario import Scenario
from testbed.catalogue.selection import Selection, select
from testbed.cli.options.list import ListOptions
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from testbed.errors import OK, WRONG_COMMAND, UsageError
from testbed.terminal import complain

BEGIN = "<!-- catalogue: make catalogue writes this -->"
END = "<!-- end of catalogue -->"


def main(options: ListOptions) -> int:
    """Print the scenarios that the patterns name, without importing TensorFlow."""
    selection = select(options.patterns, DEFAULT_DEPLOYMENTS, None)
    if options.write:
        _write(Path(options.write), "\n".join(_as_markdown(selection)))
    else:
        print("\n".join((_as_markdown if options.markdown else _as_text)(selection)))
    for problem in selection.problems:
        complain(problem)
    return WRONG_COMMAND if selection.problems else OK


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


def _as_text(selection: Selection) -> Iterator[str]:
    named = {case.scenario for case in selection.cases}
    group, several_groups = "", len({script.group for script in selection.scripts}) > 1
    for script in selection.scripts:
        shown = [made for made in script.scenarios if made.id in named]
        if not shown:
            continue
        if script.group != group and several_groups:
            yield f"# {script.group}\n"
            group = script.group
        yield f"{script.name}: {script.title}"
        for made in shown:
            yield f"  {made.name}: {made.claim}"
            yield f"      {', '.join(made.sites)}; {', '.join(made.modes)}; {_where(made)}"
        yield ""
    yield f"{len(named)} scenarios, {len(selection.cases)} cases on the default strategies"


def _as_markdown(selection: Selection) -> Iterator[str]:
    for group, scripts in groupby(selection.scripts, key=lambda script: script.group):
        yield f"### {group.capitalize()}\n"
        yield "| script | what it is about | scenarios | symptoms it shows |"
        yield "|---|---|---|---|"
        for script in scripts:
            symptoms = sorted({symptom for made in script.scenarios for symptom in _symptoms(made)})
            shown = ", ".join(f"`{symptom}`" for symptom in symptoms) or "none"
            title = script.title.rstrip(".").replace("|", "\\|")
            yield f"| `{script.path.name}` | {title} | {len(script.scenarios)} | {shown} |"
        yield ""


def _symptoms(made: Scenario) -> set[str]:
    expected = (made.expects(case) for case in made.cases(DEFAULT_DEPLOYMENTS))
    return {each.symptom for each in expected if each.symptom}


def _where(made: Scenario) -> str:
    """How many of the default cases break, and how."""
    expected = [made.expects(case) for case in made.cases(DEFAULT_DEPLOYMENTS)]
    counts = {
        str(each): sum(str(each) == str(other) for other in expected)
        for each in expected
        if each.symptom
    }
    if not counts:
        return "behaves everywhere"
    return "breaks: " + ", ".join(
        f"{what} in {number} of {len(expected)} cases" for what, number in counts.items()
    )
