"""The pytest plugin beside plugins of others that change what runs, and how."""

from __future__ import annotations

import pytest

from tests.distributed.plugin.conftest import Beside
from tests.distributed.plugin.environments import VERSIONS

pytestmark = pytest.mark.soak

FAILS = """
@two
def test_one(bed):
    assert bed.worker == 0
"""


DRAWS = """
@two
@pytest.mark.parametrize("number", range(3))
def test_draws(bed, number):
    print("drew", number, random.random())
    meet(bed)

def test_plain(): pass
"""


@pytest.mark.parametrize("arguments", [(), ("-p", "no:xdist"), ("-n", "2")], ids=" ".join)
def test_randomly(beside: Beside, arguments: tuple[str, ...]) -> None:
    """pytest-randomly: marked tests run in another order, and both workers draw from its seed."""
    result = beside("pytest-randomly", DRAWS, "-rP", *arguments)
    result.assert_outcomes(passed=7)
    drew = [line.split()[1:] for line in result.outlines if line.startswith("drew")]
    assert len(drew) >= 6
    assert len({tuple(each) for each in drew}) == 3


FLAKY = """
def attempts(name, worker):
    file = pathlib.Path(f"{name}-{worker}")
    file.write_text(file.read_text() + "x" if file.exists() else "x")
    return len(file.read_text())

@two
def test_flaky(bed):
    if bed.worker == 1:
        assert attempts("flaky", 1) > 2
    meet(bed)

@two
@pytest.mark.flaky(reruns=1)
def test_claim(bed):
    bed.claim(attempts("claim", bed.worker), value=2)

@two
def test_wrong(bed):
    if bed.worker == 1:
        raise ValueError("wrong")

@two
@pytest.mark.xfail
def test_expected(bed):
    assert attempts("expected", bed.worker) == 0

def test_plain():
    assert attempts("plain", 0) > 1
"""


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=" ".join)
def test_rerunfailures(
    beside: Beside, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    """pytest-rerunfailures: a marked test that fails is run again as a whole, as often as asked."""
    result = beside(
        "pytest-rerunfailures", FLAKY, "--reruns=2", "--rerun-except=ValueError", "-rR", *arguments
    )
    counts = result.parseoutcomes()
    # Of the flaky test both workers are tried again where one failed and the other waited for it.
    assert counts.pop("rerun") in (4, 5, 6)
    assert counts == {"passed": 6, "failed": 1, "xfailed": 2}
    assert len((pytester.path / "flaky-1").read_text()) == 3
    assert len((pytester.path / "claim-0").read_text()) == 2
    assert len((pytester.path / "expected-0").read_text()) == 1
    result.stdout.fnmatch_lines(["RERUN*test_flaky[[]worker 1]"])


HANGS = """
@two
def test_hangs(bed):
    if bed.worker == 0:
        meet(bed)

@two
@pytest.mark.timeout(300)
def test_has_time(bed): pass
"""


def test_timeout(beside: Beside) -> None:
    """pytest-timeout: its limit is one of the cluster, which ends and says who kept whom."""
    result = beside("pytest-timeout", HANGS, "--timeout=6")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["FAILED*test_hangs*worker 0 waits in it, at test_it.py:*"])


ASYNC = """
import asyncio
import pytest_asyncio

@pytest_asyncio.fixture
async def made(bed):
    await asyncio.sleep(0)
    return bed.worker

@two
@pytest.mark.asyncio
async def test_async(bed, made):
    await asyncio.sleep(0)
    assert meet(bed) == 2.0
    assert made == 0

@pytest.mark.asyncio
async def test_plain():
    await asyncio.sleep(0)
"""


def test_asyncio(beside: Beside) -> None:
    """pytest-asyncio: the body and the fixtures of a marked test may be coroutines."""
    beside("pytest-asyncio", ASYNC).assert_outcomes(passed=2, failed=1)


MOCKED = """
@two
def test_mocked(bed, mocker):
    mocker.patch("os.getcwd", return_value="nowhere")
    assert os.getcwd() == "nowhere"
    spy = mocker.spy(random, "random")
    bed.run(lambda: random.random())
    assert spy.call_count == 1
"""


def test_mock(beside: Beside) -> None:
    """pytest-mock: what is replaced is replaced in each worker."""
    beside("pytest-mock", MOCKED).assert_outcomes(passed=2)


def test_repeat(beside: Beside) -> None:
    """pytest-repeat: each repetition is a test with a cluster of its own."""
    result = beside("pytest-repeat", FAILS, "--count=2", "-v")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["*test_one?2-2??worker 0? PASSED*"])


ORDERED = """
@two
@pytest.mark.order(2)
def test_second(bed): pass

@two
@pytest.mark.order(1)
def test_first(bed): pass
"""


def test_order(beside: Beside) -> None:
    """pytest-order: marked tests run in the order that their marks say."""
    result = beside("pytest-order", ORDERED, "-v")
    result.assert_outcomes(passed=4)
    shown = [line for line in result.outlines if "PASSED" in line]
    assert "test_first" in shown[0]
    assert "test_second" in shown[-1]


SET = """
@two
def test_set(bed):
    assert os.environ["MINE"] == "as set"
"""


def test_env(beside: Beside, pytester: pytest.Pytester) -> None:
    """pytest-env: what a suite sets reaches its workers."""
    pytester.makeini("[pytest]\nenv =\n    MINE=as set\n")
    beside("pytest-env", SET).assert_outcomes(passed=2)


FORKS = """
launching = os.getppid()

@two
def test_one(bed):
    assert bed.worker == 0
    assert os.getppid() == launching

@two
@pytest.mark.forked
def test_two(bed):
    assert os.getppid() == launching
"""


def test_forked(beside: Beside) -> None:
    """pytest-forked: marked tests are not forked again, neither here nor in their workers."""
    beside("pytest-forked", FORKS, "--forked").assert_outcomes(passed=3, failed=1)


NO_SOCKETS = """
import pytest_socket

@two
def test_no_sockets(bed):
    meet(bed)
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket()

def test_plain():
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket()
"""


def test_socket(beside: Beside) -> None:
    """pytest-socket: it keeps Python's sockets from tests, and neither workers nor clusters."""
    beside("pytest-socket", NO_SOCKETS, "--disable-socket").assert_outcomes(passed=3)


FROZEN = """
import datetime

@two
@pytest.mark.freeze_time("2020-02-02")
def test_frozen(bed):
    assert datetime.date.today() == datetime.date(2020, 2, 2)
    meet(bed)

@pytest.mark.distributed(workers=2, timeout=5)
def test_hangs(bed, freezer):
    if bed.worker == 0:
        meet(bed)
"""


@pytest.mark.parametrize("plugin", ["pytest-freezer", "pytest-freezegun"])
def test_frozen_time(beside: Beside, plugin: str) -> None:
    """pytest-freezer, pytest-freezegun: time stands still in workers, and deadlines hold."""
    result = beside(plugin, FROZEN)
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["FAILED*test_hangs*worker 0 waits in it*"])


DRAWN = """
from hypothesis import given, settings, strategies as st

@two
@settings(max_examples=20, deadline=None)
@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_given(bed, shape):
    print("drew", shape)
    bed.run(lambda: tf.distribute.get_replica_context().all_reduce("SUM", tf.ones(shape)))
"""


@pytest.mark.parametrize("arguments", [(), ("--hypothesis-seed=77",)], ids=" ".join)
def test_hypothesis(beside: Beside, arguments: tuple[str, ...]) -> None:
    """hypothesis: every worker draws the same examples, so that collectives meet."""
    result = beside("hypothesis", DRAWN, "-rP", *arguments)
    result.assert_outcomes(passed=2)
    drew = [line for line in result.outlines if line.startswith("drew")]
    assert len(drew) >= 40
    assert drew[: len(drew) // 2] == drew[len(drew) // 2 :]


def test_all_at_once(beside: Beside) -> None:
    """All of these plugins together leave marked tests and plain ones as they are."""
    text = "@two\ndef test_marked(bed):\n    assert meet(bed) == 2.0\n\ndef test_plain(): pass\n"
    result = beside(tuple(VERSIONS), text)
    result.assert_outcomes(passed=3)
