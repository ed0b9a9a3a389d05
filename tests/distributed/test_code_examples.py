"""The wrong and right code on the pages of check's codes: check finds the first, not the second."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs._generate.examples import EXAMPLES
from testbed.check.finding import CODES
from testbed.check.judge import chosen
from testbed.check.run import Checked
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.orders.own_code import Program
from tests.distributed.checks import Check, checks

LIMIT_S = 8.0
"""More than a program takes that ends; one that hangs is ended then."""

_MARK = re.compile(r"# (TB\d+)$")


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    """Checks programs; TensorFlow is imported once for all."""
    with checks(tmp_path_factory.mktemp("examples")) as check:
        yield check


def run(check: Check, script: Path) -> Checked:
    """The result of a script, on 2 workers if its strategy connects workers."""
    several = "MultiWorkerMirroredStrategy" in script.read_text(encoding="utf-8")
    name, cluster = (
        ("multi_worker_mirrored", Cluster(2, 1)) if several else ("mirrored", Cluster(1, 2))
    )
    return check(Program(str(script)), Deployment(name, cluster), LIMIT_S)


def found(checked: Checked) -> set[tuple[str, int]]:
    """Code and line of each finding."""
    findings = chosen(checked.findings)
    return {(each.code, each.place.line if each.place else 0) for each in findings}


def marked(script: Path) -> set[tuple[str, int]]:
    """Code and line of each comment that names a code."""
    lines = enumerate(script.read_text(encoding="utf-8").splitlines(), start=1)
    return {(mark[1], number) for number, line in lines if (mark := _MARK.search(line))}


def test_every_code_has_an_example() -> None:
    """Each code of check has wrong and right code, and no other code has."""
    assert {path.parent.name for path in EXAMPLES.glob("TB*/wrong.py")} == set(CODES)


@pytest.mark.soak
@pytest.mark.parametrize("code", CODES)
def test_wrong_code_is_found(check: Check, code: str) -> None:
    """Check reports exactly the marked line, under the code of the page."""
    script = EXAMPLES / code / "wrong.py"
    assert {name for name, _ in marked(script)} == {code}
    assert found(run(check, script)) == marked(script)


@pytest.mark.soak
@pytest.mark.parametrize("code", CODES)
def test_right_code_is_not_reported(check: Check, code: str) -> None:
    """The right code runs to its end, and check reports nothing."""
    checked = run(check, EXAMPLES / code / "right.py")
    assert found(checked) == set()
    assert set(checked.program.codes) == {0}
