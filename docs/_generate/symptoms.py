"""One page for each symptom: its meaning, cure, codes, TensorFlow's messages and scenarios."""

from __future__ import annotations

from docs._generate.catalogue import scenario_link, shown_by
from docs._generate.codes import code_path
from docs._generate.examples import example_of
from docs._generate.markdown import (
    DOCS,
    Page,
    code,
    fence,
    link_to,
    page,
    prose,
    section,
    sentence,
    table,
)
from docs._generate.versions import versions_note
from testbed.catalogue.symptoms import SYMPTOMS, Symptom
from testbed.check.finding import CODES, Code

SOURCE = "testbed/catalogue/symptoms.py"
INDEX = "symptoms/README.md"


def pages() -> list[Page]:
    """The pages of all symptoms, and their list."""
    return [_index(), *map(_page, SYMPTOMS.values())]


def symptom_path(name: str) -> str:
    """The page of a symptom."""
    return f"symptoms/{name}.md"


def _index() -> Page:
    rows = [
        (
            link_to(DOCS / symptom_path(each.name), INDEX, f"`{each.name}`"),
            sentence(each.meaning),
            sentence(each.cure),
        )
        for each in SYMPTOMS.values()
    ]
    return page(
        INDEX,
        SOURCE,
        "# Symptoms",
        "A symptom is how something breaks under replication. `testbed run`, `check` and the pytest"
        " plugin use these names, and no others.",
        table(("symptom", "meaning", "cure"), rows),
    )


def _page(symptom: Symptom) -> Page:
    path = symptom_path(symptom.name)
    messages = section("Messages", _messages(symptom.name, path))
    codes = [each for each in CODES.values() if each.symptom == symptom.name]
    return page(
        path,
        SOURCE,
        f"# `{symptom.name}`",
        sentence(symptom.meaning),
        f"**Cure:** {sentence(symptom.cure)}",
        "If you have a message of TensorFlow, see [Messages](#messages)." if messages else "",
        example_of(codes[0]) if codes else "",
        section("In your program", _codes(codes, path)),
        messages,
        section("Scenarios that show it", _scenarios(symptom.name, path)),
        section("Versions", versions_note()),
    )


def _codes(codes: list[Code], origin: str) -> str:
    rows = [
        (
            link_to(DOCS / code_path(each), origin, f"`{each.code}`"),
            sentence(each.what),
            sentence(each.cure),
            each.level,
        )
        for each in codes
    ]
    if not rows:
        return ""
    heads = ("code", "mistake", "cure", "level")
    intro = "`testbed check` finds it, with the line, under these codes:"
    return f"{fence('testbed check train.py', 'sh')}\n\n{intro}\n\n{table(heads, rows)}"


def _messages(name: str, origin: str) -> str:
    """The parts of TensorFlow's messages that scenarios of a symptom expect."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for shown in shown_by(name):
        expected = shown.expectation
        if expected.error:
            key = (expected.error, expected.versions, expected.cure)
            found.setdefault(key, []).append(shown.scenario.id)
    rows = [
        (
            f"{code(error)} {versions}".rstrip(),
            sentence(cure or SYMPTOMS[name].cure),
            ", ".join(scenario_link(each, origin) for each in dict.fromkeys(ids)),
        )
        for (error, versions, cure), ids in sorted(found.items())
    ]
    if not rows:
        return ""
    intro = "Search this page for a part of TensorFlow's message."
    return f"{intro}\n\n{table(('message contains', 'cure', 'scenario'), rows)}"


def _scenarios(name: str, origin: str) -> str:
    claims: dict[str, str] = {}
    cures: dict[str, set[str]] = {}
    versions: dict[str, set[str]] = {}
    for shown in shown_by(name):
        claims[shown.scenario.id] = shown.scenario.claim
        versions.setdefault(shown.scenario.id, set()).add(shown.expectation.versions)
        cures.setdefault(shown.scenario.id, set()).add(shown.expectation.cure)
    rows = [
        (
            scenario_link(scenario, origin),
            prose(claim),
            "" if "" in versions[scenario] else "; ".join(sorted(versions[scenario])),
            " ".join(sentence(cure) for cure in sorted(cures[scenario]) if cure),
        )
        for scenario, claim in claims.items()
    ]
    first = next(iter(claims))
    intro = "Each claims something that does not hold everywhere. Run one of them:"
    run = fence(f"testbed run {first}", "sh")
    heads = ("scenario", "claim", "versions", "cure, where it is a special one")
    return f"{intro}\n\n{run}\n\n{table(heads, rows)}"
