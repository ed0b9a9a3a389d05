"""`testbed explain`: explain a code, a symptom, a scenario or an error message."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence

from testbed.catalogue.discovery import Script
from testbed.catalogue.lookup import failures_of, rejected_with, symptoms_of
from testbed.catalogue.scenario import Expectation, Scenario
from testbed.catalogue.selection import select
from testbed.catalogue.symptoms import SYMPTOMS
from testbed.check.explanation import labelled, of_code, of_error, page_of
from testbed.check.finding import CODES
from testbed.check.known_errors.matching import find_known_error, known_error_named
from testbed.cli.options.explain import ExplainOptions
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from testbed.errors import OK, UsageError, did_you_mean

STANDARD_INPUT = "-"
MOST_SHOWN = 8
_LONGEST_QUOTE = 60


def main(options: ExplainOptions) -> int:
    """Print the page of each topic, or the list of all codes and symptoms."""
    width = shutil.get_terminal_size().columns
    if not options.topics:
        print("\n".join(_overview(width)))
        return OK
    scripts = select([], DEFAULT_DEPLOYMENTS, None).scripts
    topics = [sys.stdin.read() if each == STANDARD_INPUT else each for each in options.topics]
    pages = ["\n".join(_page(topic, scripts, width)) for topic in topics]
    print("\n\n".join(pages))
    return OK


def _page(topic: str, scripts: Sequence[Script], width: int) -> Sequence[str]:
    """The page of a topic.

    Raises:
        UsageError: the topic is unknown; says what may be meant.
    """
    scenarios = {made.id: made for script in scripts for made in script.scenarios}
    by_name = {script.name: script for script in scripts}
    topic = topic.strip()
    if topic.upper() in CODES:
        return page_of(of_code(CODES[topic.upper()]), width)
    if match := known_error_named(topic):
        return page_of(of_error(match), width)
    if topic in SYMPTOMS:
        return list(_symptom(topic, list(scenarios.values()), width))
    if topic in by_name:
        return list(_script(by_name[topic], width))
    if topic in scenarios:
        return list(_scenario(scenarios[topic], width))
    for explain in ERRORS:
        if found := explain(topic, scripts, width):
            return found
    if len(topic.split()) > 1:
        quoted = topic.splitlines()[-1][:_LONGEST_QUOTE]
        raise UsageError(f"no known error is in '{quoted}' (testbed explain lists the codes)")
    known = [*CODES, *SYMPTOMS, *by_name, *scenarios]
    hint = did_you_mean(topic, known) or did_you_mean(topic.upper(), CODES)
    raise UsageError(f"nothing is called '{topic}'{hint} (testbed explain lists all)")


def _of_known_error(text: str, _: Sequence[Script], width: int) -> list[str]:
    """The page of a known error; empty where the text shows none."""
    match = find_known_error(text)
    return page_of(of_error(match), width) if match else []


def _of_scenario_error(text: str, scripts: Sequence[Script], width: int) -> list[str]:
    """The page of an error that a scenario expects; empty where none does."""
    found = rejected_with(text, scripts)
    if found is None:
        return []
    made, expected = found
    cure = expected.cure or SYMPTOMS[expected.symptom or "rejected"].cure
    return [
        *labelled("error", expected.error, width),
        *labelled("claim", f"{made.claim} It does not: {_raised(expected)}.", width),
        *labelled("cure", cure, width),
        "",
        f"see it: testbed run {made.id}",
    ]


def _raised(expected: Expectation) -> str:
    return f"TensorFlow raises this error {expected.versions}".rstrip()


ERRORS: tuple[Callable[[str, Sequence[Script], int], Sequence[str]], ...] = (
    _of_known_error,
    _of_scenario_error,
)
"""What explains a pasted error message, in this order; each returns nothing for others."""


def _overview(width: int) -> Iterator[str]:
    yield "codes of testbed check (testbed explain CODE):"
    for code in CODES.values():
        yield _cut(f"  {code.code}  {code.level:7}  {code.what}", width)
    yield "\nsymptoms (testbed explain SYMPTOM):"
    for each in SYMPTOMS.values():
        yield _cut(f"  {each.name:19}  {each.meaning}", width)


def _symptom(name: str, scenarios: Sequence[Scenario], width: int) -> Iterator[str]:
    about = SYMPTOMS[name]
    yield f"{name} (symptom)\n"
    yield from labelled("meaning", about.meaning, width)
    yield from labelled("cure", about.cure, width)
    if codes := [code for code in CODES.values() if code.symptom == name]:
        yield "\ncodes of testbed check:"
        yield from (_cut(f"  {code.code}  {code.what}", width) for code in codes)
    showing = [made for made in scenarios if symptoms_of([made])[name]]
    yield f"\nscenarios that show it ({len(showing)}):"
    for made in showing[:MOST_SHOWN]:
        yield _cut(f"  {made.id}  {made.claim}", width)
    if len(showing) > MOST_SHOWN:
        yield f"all: testbed list --symptom {name}"


def _script(script: Script, width: int) -> Iterator[str]:
    yield f"{script.name} ({script.group})\n"
    yield from labelled("about", script.title, width)
    yield "\nscenarios:"
    for made in script.scenarios:
        yield _cut(f"  {made.name}  {made.claim}", width)
    yield f"\nread it: {script.path}"
    yield f"see it: testbed run {script.name}"


def _scenario(made: Scenario, width: int) -> Iterator[str]:
    yield f"{made.id} (scenario)\n"
    yield from labelled("claim", made.claim, width)
    ways = f"{', '.join(made.sites)}; {', '.join(made.modes)}; {', '.join(made.strategies)}"
    yield from labelled("runs", ways, width)
    fails = [f"{what} in {count} cases" for what, count in failures_of(made).items()]
    yield from labelled("fails", ", ".join(fails) or "nowhere", width)
    cures = dict.fromkeys(
        each.expectation.cure or SYMPTOMS[each.expectation.symptom].cure
        for each in made.rules
        if each.expectation.symptom
    )
    for cure in cures:
        yield from labelled("cure", cure, width)
    yield f"\nsee it: testbed run {made.id}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 3]}..."
