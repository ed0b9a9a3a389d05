"""`testbed list`: every scenario with its claim and the ways in which it breaks."""

from __future__ import annotations

import argparse
import sys

from testbed.cli import OK, WRONG_COMMAND
from testbed.scenario import Scenario
from testbed.selection import select
from testbed.strategies import DEFAULT_DEPLOYMENTS


def main(options: argparse.Namespace) -> int:
    """Print the scenarios that the patterns name, without importing TensorFlow."""
    selection = select(options.patterns, DEFAULT_DEPLOYMENTS, None)
    named = {case.scenario for case in selection.cases}
    for script in selection.scripts:
        shown = [made for made in script.scenarios if made.id in named]
        if not shown:
            continue
        print(f"{script.name}: {script.title}")
        for made in shown:
            print(f"  {made.name}: {made.claim}")
            print(f"      {', '.join(made.sites)}; {', '.join(made.modes)}; {_where(made)}")
        print()
    count = len(selection.cases)
    print(f"{len(named)} scenarios, {count} cases on the default strategies")
    for problem in selection.problems:
        print(f"testbed: {problem}", file=sys.stderr)
    return WRONG_COMMAND if selection.problems else OK


def _where(made: Scenario) -> str:
    """Of the default cases, how many break and how."""
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
