"""The pages: generated ones are current, links hold, and commands can be typed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from docs._generate.pages import all_pages, outdated_files
from testbed.catalogue.selection import Selection, select
from testbed.cli.parser import parse
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from tests.house.markdown_pages import (
    NOT_RUN,
    Block,
    anchors,
    blocks,
    links,
    pages,
)
from tests.house.sources import DOCS, ROOT, short

README = ROOT / "README.md"
README_LINES = 200
CONTENTS = DOCS / "README.md"
ATLAS = DOCS / "site/atlas.html"

_PROMPT = re.compile(r"^\$ ")
_ELSEWHERE = re.compile(r"^(https?|mailto):")


def typed(block: Block) -> Iterator[str]:
    """The lines of a block that are commands of the testbed."""
    joined = block.text.replace("\\\n", " ")
    for line in joined.splitlines():
        command = _PROMPT.sub("", line)
        if re.match(r"testbed [a-z]", command):
            yield command


COMMANDS = [
    pytest.param(command, id=f"{block.place} {command}"[:90])
    for page in pages()
    for block in blocks(page)
    if block.language != "text"
    for command in typed(block)
]


def test_the_first_page_is_short() -> None:
    """README.md leads to the pages, and has at most README_LINES lines."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_generated_pages_are_current() -> None:
    """Each generated page is what `make docs-pages` writes, and none is left of an older table."""
    changed = [
        page.path
        for page in all_pages()
        if not page.file.is_file() or page.file.read_text(encoding="utf-8") != page.text
    ]
    assert changed == []
    assert outdated_files() == []


def _addresses(atlas: Path) -> set[str]:
    """What may follow # in the address of the atlas: the link to each of its scenarios."""
    data = json.loads(atlas.with_suffix(".json").read_text(encoding="utf-8"))
    return {f"scenario={each['id']}" for each in data["scenarios"]}


@pytest.mark.parametrize("page", pages(), ids=short)
def test_links_hold(page: Path) -> None:
    """Each link within the project leads to a file, and to a heading where it names one."""
    broken = []
    for target in links(page):
        if _ELSEWHERE.match(target):
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (page.parent / name).resolve() if name else page
        known = _addresses if file == ATLAS else anchors
        if not file.is_file() or (anchor and anchor not in known(file)):
            broken.append(target)
    assert broken == []


def test_the_contents_list_every_page() -> None:
    """Every page is listed in docs/README.md, or in a list of its folder that is listed there."""
    listed = {(CONTENTS.parent / target.partition("#")[0]).resolve() for target in links(CONTENTS)}
    for lists in [path for path in listed if path.name == "README.md" and DOCS in path.parents]:
        listed |= {(lists.parent / target).resolve() for target in links(lists)}
    assert {short(path) for path in DOCS.rglob("*.md")} - {
        short(path) for path in listed | {CONTENTS}
    } == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_can_be_typed(command: str) -> None:
    """Each command on a page is one that the parser accepts."""
    parse(shlex.split(command, comments=True)[1:])


def test_targets_of_make_exist() -> None:
    """Each `make NAME` in a block of a page is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    asked = {
        target
        for page in pages()
        for block in blocks(page)
        for target in re.findall(r"^make ([a-z-]+)", block.text, re.MULTILINE)
    }
    assert {"setup", "docs"} <= asked
    assert asked - targets == set()


def test_each_recorded_session_is_held() -> None:
    """A block with a prompt is run by a test, or says why it is not."""
    unmarked = [
        block.place
        for page in pages()
        for block in blocks(page)
        if block.language == "console"
        and not block.is_run
        and not block.comment.startswith(NOT_RUN)
    ]
    assert unmarked == []


def test_the_first_page_counts_the_catalogue() -> None:
    """The numbers of cases in README.md are those of the catalogue."""
    everything: Selection = select([], DEFAULT_DEPLOYMENTS, None)
    expected = [everything.scenario(case).expects(case) for case in everything.cases]
    broken = sum(each.symptom is not None for each in expected)
    numbers = (
        f"{len(expected)} cases, of which {len(expected) - broken} behave and {broken} show the"
    )
    assert numbers in " ".join(README.read_text(encoding="utf-8").split())
