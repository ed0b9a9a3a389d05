"""JUnit XML for CI servers: one test suite for each script, one test for each case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from testbed.report.formats.words import ledger_in_words, readings_in_words
from testbed.report.records.record import RunRecord
from testbed.verdict.verdict import Verdict

# XML 1.0 forbids most control characters, even escaped, and lone surrogates. It allows others, but
# a terminal that prints the file may execute them.
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\x7e\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def junit_of(record: RunRecord) -> str:
    """The text of the file: an unexpected verdict is a failure, a case without one an error."""
    root = ElementTree.Element("testsuites", name="testbed")
    _count(root, record.verdicts)
    for script, together in groupby(record.verdicts, key=lambda verdict: verdict.case.script):
        verdicts = list(together)
        suite = ElementTree.SubElement(
            root, "testsuite", name=_xml(script), timestamp=_xml(record.began.partition("+")[0])
        )
        _count(suite, verdicts)
        for verdict in verdicts:
            _add(suite, verdict)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _count(element: ElementTree.Element, verdicts: Sequence[Verdict]) -> None:
    for name, number in (
        ("tests", len(verdicts)),
        ("failures", sum(map(_failed, verdicts))),
        ("errors", sum(verdict.kind == "error" for verdict in verdicts)),
        ("skipped", sum(verdict.kind == "skipped" for verdict in verdicts)),
    ):
        element.set(name, str(number))
    element.set("time", f"{sum(verdict.seconds for verdict in verdicts):.3f}")


def _failed(verdict: Verdict) -> bool:
    return not verdict.as_expected and verdict.kind != "error"


def _add(suite: ElementTree.Element, verdict: Verdict) -> None:
    test = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_xml(verdict.case.scenario),
        name=_xml(verdict.case.id),
        time=f"{verdict.seconds:.3f}",
    )
    if verdict.kind == "skipped":
        ElementTree.SubElement(test, "skipped", message=_xml(verdict.evidence))
    elif not verdict.as_expected:
        tag = "error" if verdict.kind == "error" else "failure"
        element = ElementTree.SubElement(
            test,
            tag,
            type=_xml(verdict.symptom or verdict.kind),
            message=_xml(f"expected {verdict.expected}, saw {verdict.seen}"),
        )
        element.text = _xml("\n".join(_lines(verdict)))


def _lines(verdict: Verdict) -> list[str]:
    lines = [f"expected: {verdict.expected}", f"saw: {verdict.seen}"]
    if verdict.cure:
        lines.append(f"cure: {verdict.cure}")
    for report in verdict.reports:
        lines += [f"worker {report.worker}: {line}" for line in readings_in_words(report)]
    lines += [
        f"worker {report.worker}:\n{report.raised.traceback}"
        for report in verdict.reports
        if report.raised
    ]
    lines += ledger_in_words(verdict)
    return lines + [f"log: {log}" for log in verdict.logs]


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
