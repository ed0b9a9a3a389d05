"""What reports hold: the page's data, Markdown and JUnit."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from testbed.catalogue.scenario import Expectation
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.report.formats import page
from testbed.report.formats.junit import junit_of
from testbed.report.formats.markdown import code, markdown_of, markdown_of_comparison, text
from testbed.report.formats.page import page_of
from testbed.report.formats.page_data import LONGEST_TRACEBACK, run_data
from testbed.report.formats.words import command_of
from testbed.report.records.compare import compare
from testbed.report.records.record import RunRecord
from testbed.verdict.verdict import Verdict, failed, skipped
from tests.unit.builders import (
    MIRRORED_2,
    WORKERS_2X2,
    case_of,
    counted_per_replica,
    merged,
    rejected,
    run_record,
)

UNEXPECTED = replace(counted_per_replica(WORKERS_2X2), as_expected=False, expected=Expectation())
RECORD = run_record(
    UNEXPECTED,
    merged(),
    rejected("no", scenario="others.weight"),
    failed(case_of("others.dead"), Expectation(), "killed by SIGKILL"),
    skipped(case_of("others.gpu"), Expectation(), "needs 4 GPUs"),
)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the texts of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "script" and data.strip():
            self.scripts.append(data)


def test_the_page_is_one_file_that_asks_nobody() -> None:
    """Nothing is loaded, from the network or from beside the page, and its policy says so."""
    whole = page_of(RECORD)
    elements = Elements(whole).found
    links = [
        value
        for _, attributes in elements
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data")
    ]
    assert set(links) <= {"#", "data:,"}
    assert "@import" not in whole
    assert not re.search(r"url\((?!#)", whole)
    policy = next(a["content"] for _, a in elements if a.get("http-equiv"))
    assert policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    assert "unsafe" not in policy


def test_every_part_of_the_page_is_in_it() -> None:
    """Each file in the page's folder is a part of the page, and each part is there."""
    parts = {path.name for path in (Path(page.__file__).parent / "page").iterdir()}
    assert parts == {*page.SCRIPTS, *page.STYLES, "page.html"}
    text_of_page = page_of(None)
    for name in (*page.SCRIPTS, *page.STYLES):
        assert (Path(page.__file__).parent / "page" / name).read_text() in text_of_page


def test_the_page_never_writes_html() -> None:
    """Texts of a record are put in as texts; no part of the page's code reads them as HTML."""
    code_of_page = Elements(page_of(RECORD)).scripts[1]
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert way not in code_of_page


@pytest.mark.parametrize("name", ["</script>", "<!--<script>", "\u2028", "&lt;", "@SCRIPT@", "'\""])
def test_a_hostile_name_stays_data(name: str) -> None:
    """Whatever a record's texts are, they end no element and take no part's place."""
    elements = Elements(page_of(run_record(merged(), run=name, command=(name,))))
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert json.loads(elements.scripts[0])["run"]["head"]["run"] == name
    assert "'use strict'" in elements.scripts[1]


def test_a_page_without_a_run_has_none() -> None:
    """What the page was not given is null, so that the page shows no section of it."""
    assert json.loads(Elements(page_of(None)).scripts[0]) == {"run": None, "bench": None}


def test_equal_things_are_there_once() -> None:
    """Modes that show the same share their picture, and workers their facts."""
    data = run_data(run_record(merged(), merged(mode="function"), merged(WORKERS_2X2)))
    assert len(data["pictures"]) == 2
    assert data["cases"][0]["sides"][0]["pictures"] == data["cases"][1]["sides"][0]["pictures"]
    assert len(data["facts"]) == 1


def test_a_long_traceback_is_cut_in_its_middle() -> None:
    """The page keeps the beginning and the end of what is longer than anybody reads."""
    data = run_data(run_record(rejected("x" * 10 * LONGEST_TRACEBACK)))
    (problem,) = data["problems"]
    assert len(problem["message"]) < LONGEST_TRACEBACK + 100
    assert "characters left out" in problem["message"]


def test_a_page_of_two_runs_has_both_sides_of_what_changed() -> None:
    """A changed case has two sides, and any other one."""
    after = run_record(replace(UNEXPECTED, symptom="wrong_value"), merged())
    data = run_data(after, compare(run_record(UNEXPECTED, merged()), after))
    sides = {case["id"]: len(case["sides"]) for case in data["cases"]}
    assert sides == {UNEXPECTED.case.id: 2, merged().case.id: 1}
    assert data["cases"][0]["change"] == {"kind": "changed", "what": ["symptom"]}


@pytest.mark.parametrize(
    ("verdict", "changes", "command"),
    [
        (merged(), {}, "testbed run 'counters.counter[in_scope,eager]@mirrored-2'"),
        (
            merged(Deployment("mirrored", Cluster(1, 8))),
            {},
            "testbed run 'counters.counter[in_scope,eager]@mirrored-8'"
            " --strategy mirrored --replicas 8",
        ),
        (
            merged(WORKERS_2X2),
            {"device": "split-gpu"},
            "testbed run 'counters.counter[in_scope,eager]@multi_worker_mirrored-2x2'"
            " --device split-gpu",
        ),
    ],
)
def test_a_case_can_be_run_again(verdict: Verdict, changes: dict[str, Any], command: str) -> None:
    """The command names the case, and the cluster where it is not a default one."""
    assert command_of(run_record(verdict, **changes), verdict.case) == command


def test_a_case_of_one_s_own_script_is_run_by_its_file() -> None:
    """A script that is not shipped is named by its file, with what narrows it to the cell."""
    record = run_record(merged(MIRRORED_2))
    own = replace(record, scripts=(replace(record.scripts[0], group="other scripts"),))
    assert command_of(own, own.verdicts[0].case) == (
        "testbed run counters.py --strategy mirrored --replicas 2 --mode eager"
    )


def test_junit_has_a_suite_a_script_and_a_test_a_case() -> None:
    """The counts are those that CI servers add up, and each outcome has its element."""
    root = ElementTree.fromstring(junit_of(RECORD).partition("\n")[2])
    assert root.attrib == {
        "name": "testbed", "tests": "5", "failures": "1", "errors": "1", "skipped": "1",
        "time": "2.250",
    }  # fmt: skip
    suites = {suite.get("name"): suite.get("tests") for suite in root}
    assert suites == {"counters": "2", "others": "3"}
    outcomes = {test.get("name"): [each.tag for each in test] for test in root.iter("testcase")}
    assert list(outcomes.values()) == [["failure"], [], [], ["error"], ["skipped"]]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "expected behaves, saw counted_per_replica: 10 for 5"
    assert "cure: create it inside strategy.scope()" in str(failure.text)
    assert "worker 1: ResourceVariable steps:0: /device:CPU:0 = 10.0" in str(failure.text)


def test_junit_holds_what_xml_allows() -> None:
    """Characters that XML does not know are replaced, whatever was printed."""
    hostile = failed(case_of(), Expectation(), "a\x00b\x1b\ufffe<&]]>\ud800")
    root = ElementTree.fromstring(junit_of(run_record(hostile)).partition("\n")[2])
    error = root.find(".//error")
    assert error is not None
    assert str(error.get("message")).endswith("a\ufffdb\ufffd\ufffd<&]]>\ufffd")


def test_markdown_has_the_counts_the_unexpected_and_the_matrix() -> None:
    """A reader sees first how it went, then what was unexpected in full, then every cell."""
    shown = markdown_of(RECORD)
    order = [
        "# 5 cases: 1 behave, 1 failure shown as documented, 1 skipped, 2 unexpected",
        "| TensorFlow | 2.21.0 |",
        f"### `{UNEXPECTED.case.id}`",
        "- expected `behaves`",
        "- saw `counted_per_replica: 10 for 5`",
        "## Ways of sharing",
        "| claim | made | mirrored-2 | multi_worker_mirrored-2x2 |",
        r"| counter | outside\_scope |  | **UNEXPECTED** counted\_per\_replica `10 for 5` |",
        "### others",
    ]
    assert [shown.find(part) for part in order] == sorted(shown.find(part) for part in order)
    assert all(part in shown for part in order)


@pytest.mark.parametrize(
    ("given", "shown", "as_code"),
    [
        ("a|b", r"a\|b", r"`a\|b`"),
        ("<b>&", "&lt;b&gt;&amp;", "`<b>&`"),
        ("_x_ *y*", r"\_x\_ \*y\*", "`_x_ *y*`"),
        ("two\nlines", "two lines", "`two lines`"),
        ("a`b", r"a\`b", "``a`b``"),
        ("`", r"\`", "`` ` ``"),
        ("", "", ""),
    ],
)
def test_markdown_shows_texts_as_they_are(given: str, shown: str, as_code: str) -> None:
    """Nothing in a text is taken for Markdown, HTML, or the end of a table's cell."""
    assert (text(given), code(given)) == (shown, as_code)


def test_markdown_of_two_runs_names_every_change() -> None:
    """Every cell that changed is a row with both sides; what differs stands before it."""
    after = run_record(replace(UNEXPECTED, symptom="wrong_value"), tensorflow="2.22.0")
    shown = markdown_of_comparison(compare(run_record(UNEXPECTED, merged()), after))
    assert shown.startswith("# 0 alike, 1 changed, 1 only in A, 0 only in B\n")
    assert "| TensorFlow | 2.21.0 | 2.22.0 |" in shown
    assert f"| `{UNEXPECTED.case.id}` | changed: symptom | **UNEXPECTED** counted" in shown
    assert f"| `{merged().case.id}` | only in A | behaves |  |" in shown


def test_two_equal_runs_have_no_cells() -> None:
    """Where nothing changed, that is said, and no empty table follows."""
    record: RunRecord = run_record(merged())
    shown = markdown_of_comparison(compare(record, record))
    assert "Nothing: the same versions, machine and scripts." in shown
    assert "## Cells" not in shown
