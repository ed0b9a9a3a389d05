"""The pytest plugin beside plugins of others that show, measure and explain."""

from __future__ import annotations

import pytest

from tests.distributed.plugin.conftest import Beside

pytestmark = pytest.mark.soak


COVERED = """
from mine import covered

@pytest.mark.distributed("mirrored", replicas=2)
def test_in_replicas(bed):
    bed.run(lambda: covered.in_replica())

@two
def test_in_workers(bed):
    covered.in_worker(bed.worker)
"""


MINE = """
def in_replica():
    value = 1
    return value

def in_worker(worker):
    if worker == 0:
        return "zero"
    return "one"

def never():
    return "never"
"""


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=" ".join)
def test_cov(beside: Beside, pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    """pytest-cov: lines count that only one worker, or a replica's thread, has run."""
    pytester.mkpydir("mine").joinpath("covered.py").write_text(MINE)
    pytester.makefile(".coveragerc", **{"": "[run]\nparallel = true\n"})
    result = beside("pytest-cov", COVERED, "--cov=mine", "--cov-report=term-missing", *arguments)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["mine/covered.py * 1 * 12"])
    assert not list(pytester.path.glob(".coverage.*"))


TOLD = """
import pytest_html

@two
def test_good(bed, extras):
    extras.append(pytest_html.extras.url(f"https://example.org/{bed.worker}"))

@two
def test_crash(bed):
    if bed.worker == 1:
        os.kill(os.getpid(), signal.SIGKILL)

@two
def test_claim(bed):
    bed.claim(1, value=2)

@two
@pytest.mark.skipif("True", reason="not today")
def test_skipped(bed): pass
"""


def test_html(beside: Beside, pytester: pytest.Pytester) -> None:
    """pytest-html: its page has a row for each worker, a crashed one too, and for a claim."""
    beside("pytest-html", TOLD, "--html=page.html", "--self-contained-html")
    page = (pytester.path / "page.html").read_text()
    for row in (
        *("test_good[worker 0]", "test_good[worker 1]", "test_crash[worker 1]"),
        *("test_claim[worker 0]", "test_claim[worker 1]", "test_it.py::test_claim&#34;"),
        *("killed by SIGKILL", "https://example.org/1", "not today"),
    ):
        assert row in page, row


FAILS = """
@two
def test_one(bed):
    assert bed.worker == 0
"""


def test_sugar(beside: Beside) -> None:
    """pytest-sugar: it shows the workers' failures, and counts each worker."""
    result = beside("pytest-sugar", FAILS, "--force-sugar")
    result.stdout.fnmatch_lines(["*test_one?worker 1?*", "*1 passed*", "*1 failed*"])


def test_instafail(beside: Beside) -> None:
    """pytest-instafail: a worker's failure is shown at once, under its name."""
    result = beside("pytest-instafail", FAILS, "--instafail")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*__ test_one?worker 1? __*", "*assert 1 == 0*"])


MEASURES = """
@two
def test_measures(bed, benchmark):
    benchmark(lambda: 1)
"""


def test_benchmark(beside: Beside) -> None:
    """pytest-benchmark: marked tests run, and one line says that its table lacks them."""
    result = beside("pytest-benchmark", MEASURES)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["testbed: pytest-benchmark: * not in its table; *"])


SUBTESTS = """
@two
def test_parts(bed, subtests):
    for part in range(3):
        with subtests.test("a part", part=part):
            assert (bed.worker, part) != (1, 2)
    meet(bed)
"""


def test_subtests(beside: Beside) -> None:
    """pytest-subtests: each part of a marked test has its report, under its worker's name."""
    result = beside("pytest-subtests", SUBTESTS)
    result.stdout.fnmatch_lines(["*test_parts?worker 1? ?a part? (part=*2*)*"])
    assert result.parseoutcomes()["failed"] >= 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_clarity(beside: Beside) -> None:
    """pytest-clarity: a worker's assertions are explained in its way."""
    text = "@two\ndef test_differs(bed):\n    assert {'a': 1, 'b': 2} == {'a': 1, 'b': 3}\n"
    result = beside("pytest-clarity", text, "-vv")
    result.assert_outcomes(failed=2)
    assert sum("pytest-clarity diff shown" in line for line in result.outlines) >= 2
