"""The parts of the matrix: what is run on each version, and what counts as a surprise."""

from __future__ import annotations

import json
import os
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.decoding import decoded
from testbed.report.records.record import RunRecord
from tests.matrix.environments import ROOT
from tests.matrix.outcome import Result
from tests.matrix.versions import Version

SAMPLE = "sample"
"""The part that has a few cases whose outcome depends on the version; `make test-older` runs it."""

_LONGEST = 4 * 3600.0
"""Seconds after which a part is ended."""


@dataclass(frozen=True)
class Place:
    """Where a part runs: a version with its interpreter, and the folder for its files."""

    version: Version
    python: Path
    folder: Path
    jobs: int

    def run(self, part: str, words: Sequence[str]) -> int:
        """Run a module of the version's interpreter, and return its exit status.

        Its output is kept in the folder.

        Raises:
            subprocess.TimeoutExpired: it takes too long.
        """
        with (self.folder / f"{part}.log").open("w") as log:
            return subprocess.run(
                [str(self.python), "-m", *words],
                cwd=ROOT,
                env={**os.environ, **self.version.variables},
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=_LONGEST,
                check=False,
            ).returncode


def _cases(name: str, *words: str) -> Callable[[Place], Result]:
    """A part that runs cases of the catalogue; its surprises are unexpected verdicts."""

    def run(place: Place) -> Result:
        path = place.folder / f"{name}.record.json"
        # Before TensorFlow 2.17, AutoGraph converts the code of tf_keras, so a case may take a
        # minute.
        limits = ("--jobs", str(place.jobs), "--timeout", "240")
        status = place.run(name, ["testbed", "run", *words, *limits, "--json", str(path)])
        if status not in (0, 1):
            return Result("", problem=f"testbed run ended with status {status}")
        record = decoded(RunRecord, json.loads(path.read_text()))
        unexpected = [each for each in record.verdicts if not each.as_expected]
        return Result(
            f"{len(record.cases)} cases",
            tuple(
                f"{each.case.id}: expected {each.expected}, saw {each.seen}" for each in unexpected
            ),
        )

    return run


def _report(place: Place) -> Result:
    """The record of the catalogue can be shown, as text and as a page."""
    record = place.folder / "catalogue.record.json"
    if not record.is_file():
        return Result("", problem="the part catalogue has left no record to show")
    words = ["testbed", "report", str(record), "--html", str(place.folder / "catalogue.html")]
    status = place.run("report", words)
    return Result("1 record", () if status in (0, 1) else (f"testbed report: status {status}",))


def _tests(name: str, *words: str) -> Callable[[Place], Result]:
    """A part that runs tests; its surprises are those that fail."""

    def run(place: Place) -> Result:
        path = place.folder / f"{name}.xml"
        side_by_side = ("-n", str(place.jobs), "--dist", "worksteal")
        status = place.run(name, ["pytest", "-q", *side_by_side, f"--junitxml={path}", *words])
        if status not in (0, 1):
            return Result("", problem=f"pytest ended with status {status}")
        cases = list(ElementTree.parse(path).iter("testcase"))
        failed = [each for each in cases if _has(each, "failure") or _has(each, "error")]
        return Result(_counts(cases, failed), tuple(each.attrib["name"] for each in failed))

    return run


def _counts(cases: Sequence[ElementTree.Element], failed: Sequence[ElementTree.Element]) -> str:
    """How many tests passed and were skipped; those of the corpus by their kinds."""
    kinds = Counter(_kind(case) for case in cases if case not in failed)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "0 passed"


def _kind(case: ElementTree.Element) -> str:
    if _has(case, "skipped"):
        return "skipped"
    name = case.attrib["name"]
    return next((kind for test, kind in _KINDS if name.startswith(test)), "passed")


def _has(case: ElementTree.Element, name: str) -> bool:
    return case.find(name) is not None


_KINDS = (
    ("test_what_is_wrong_is_found", "found"),
    ("test_what_is_right_is_left_alone", "silent"),
)
"""Tests of the corpus of `check`, and what it means that they pass."""

PARTS: dict[str, Callable[[Place], Result]] = {
    SAMPLE: _cases(
        SAMPLE,
        *("module_global", "moving_average", "optimizer.variable", "keras_variable.counter"),
        *("--strategy", "one_device", "--strategy", "mirrored", "--mode", "function"),
    ),
    "catalogue": _cases("catalogue"),
    "report": _report,
    "corpus": _tests(
        "corpus",
        "tests/distributed/test_check_corpus.py",
        *("-m", "soak or not soak"),
        *("-k", "(is_wrong_is_found or is_right_is_left_alone) and not hundred"),
    ),
    "plugin": _tests("plugin", "tests/distributed/plugin", "-m", "not soak"),
    "launch": _tests(
        "launch",
        *sorted(map(str, (ROOT / "tests/distributed").glob("test_launch_*.py"))),
        *("-m", "not soak"),
    ),
}
"""What can be run on each version, in this order."""
