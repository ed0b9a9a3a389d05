"""One page for each code of `testbed check`: wrong code, reason, cure, right code."""

from __future__ import annotations

from docs._generate.catalogue import scenario_link
from docs._generate.examples import corpus_of, example_of
from docs._generate.markdown import DOCS, Page, fence, link_to, page, section, sentence, table
from docs._generate.versions import versions_note
from testbed.check.finding import CODES, Code

SOURCE = "testbed/check/codes"
INDEX = "codes/README.md"


def pages() -> list[Page]:
    """The pages of all codes, and their list."""
    return [_index(), *map(_page, CODES.values())]


def code_path(code: Code) -> str:
    """The page of a code."""
    return f"codes/{code.code}.md"


def _index() -> Page:
    rows = [
        (
            link_to(DOCS / code_path(code), INDEX, f"`{code.code}`"),
            sentence(code.what),
            code.level,
            _symptom(code, INDEX),
        )
        for code in CODES.values()
    ]
    return page(
        INDEX,
        SOURCE,
        "# Codes of testbed check",
        "Each finding of `testbed check` has a code. An *error* makes the result wrong. With a"
        " *warning* the program works by luck, or a library is wrong. A *note* is right, but"
        " worth knowing; a check that finds only notes ends with status 0.",
        table(("code", "mistake", "level", "symptom"), rows),
    )


def _page(code: Code) -> Page:
    path = code_path(code)
    symptom = _symptom(code, path)
    return page(
        path,
        SOURCE,
        f"# {code.code}: {code.what}",
        f"**Level:** {code.level}." + (f" **Symptom:** {symptom}." if symptom else ""),
        f"**Why:** {sentence(code.why)}",
        f"**Cure:** {sentence(code.cure)}",
        example_of(code),
        section("Longer programs", corpus_of(code.code, path)),
        section("Run the mistake", _scenario(code, path)),
        section(
            "How to tell that it is meant, and how to silence it",
            f"**Fine if:** {sentence(code.fine_if)}",
            "Put this comment on the line that the finding names. It silences this code there:",
            fence(f"# testbed: ignore[{code.code}]", "python"),
            "To silence it in the whole program:",
            fence(f"testbed check --ignore {code.code} train.py", "sh"),
        ),
        section("Versions", versions_note()),
    )


def _symptom(code: Code, origin: str) -> str:
    if not code.symptom:
        return ""
    return link_to(DOCS / f"symptoms/{code.symptom}.md", origin, f"`{code.symptom}`")


def _scenario(code: Code, origin: str) -> str:
    if not code.scenario:
        return ""
    link = scenario_link(code.scenario, origin)
    return f"The scenario {link} shows it:\n\n{fence(f'testbed run {code.scenario}', 'sh')}"
