"""The pytest plugin beside plugins of others, as their hooks are: without any of them installed."""

from __future__ import annotations

import pytest

from tests.distributed.plugin.conftest import Suite

TWO = """
import os, signal, socket
import pytest

two = pytest.mark.distributed(workers=2)
"""

NODES = """
import pytest

def pytest_configure(config):
    if hasattr(config, "workerinput"):
        assert config.workerinput["given"] == (1, b"two")
        config.workeroutput["left"] = config.workerinput["workerid"]

@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    assert node.gateway.id == node.workerinput["workerid"]
    node.workerinput["given"] = (1, b"two")

@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    print("left:", node.workeroutput["left"], error)
"""


@pytest.mark.parametrize("arguments", [(), ("-p", "no:xdist")], ids=["xdist", "without"])
def test_what_supports_xdist_supports_marked_tests(
    suite: Suite, arguments: tuple[str, ...]
) -> None:
    """A plugin prepares workers, finds that in them, and gets what it has left there."""
    result = suite(TWO + "@two\ndef test_it(bed): pass\n", "-s", *arguments, conftest=NODES)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*left: worker0 None", "left: worker1 None"])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "node.log('x')",
            "*conftest.py of pytest does not work with marked tests: its pytest_configure_node"
            " raised AttributeError: *",
        ),
        (
            "node.workerinput['mine'] = object()",
            "*a plugin of pytest does not work with marked tests: *workerinput*mine*",
        ),
    ],
    ids=["raises", "unpassable"],
)
def test_what_cannot_prepare_workers_is_named(suite: Suite, body: str, told: str) -> None:
    """A plugin that needs more of xdist than there is here is the failure, in one line."""
    hook = "@pytest.hookimpl(optionalhook=True)\ndef pytest_configure_node(node):\n    "
    result = suite(
        TWO + "@two\ndef test_it(bed): pass\n", conftest=f"import pytest\n\n{hook}{body}\n"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([told])
    assert "Traceback" not in result.stdout.str()


def test_what_nobody_has_prepared_is_the_option_of_that_name_or_told(suite: Suite) -> None:
    """Where xdist's hooks are missing a worker finds options, and else says what is missing."""
    result = suite(
        TWO + "@two\ndef test_it(bed): pass\n",
        "--seed-of-mine=7",
        conftest="""
        def pytest_addoption(parser):
            parser.addoption("--seed-of-mine", type=int)

        def pytest_configure(config):
            if hasattr(config, "workerinput"):
                assert config.workerinput["seed_of_mine"] == 7
                config.workerinput["prepared_by_nobody"]
        """,
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["FAILED*KeyError: *prepared_by_nobody: a plugin looks for it in config.workerinput*"]
    )


RERUNS = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for attempt in range(3):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        again = attempt < 2 and any(report.failed for report in reports)
        for report in reports:
            if again and report.failed:
                report.outcome = "again"
            report.attempt = attempt
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if not again:
            break
    return True

def pytest_report_teststatus(report):
    if report.outcome == "again":
        return "again", "A", "AGAIN"

def pytest_runtest_logreport(report):
    print("told", report.nodeid, report.when, report.outcome, getattr(report, "attempt", None))
"""


def test_a_plugin_that_reruns_reruns_marked_tests(suite: Suite) -> None:
    """Each attempt is a cluster of its own, and what failed in it is told as the plugin says."""
    result = suite(
        TWO
        + """
@two
def test_flaky(bed):
    attempts = bed.worker and len(os.listdir(bed.folder.parent.parent))
    assert attempts < 1 or attempts > 2

@two
def test_crashes(bed):
    if bed.worker == 1:
        os.kill(os.getpid(), signal.SIGKILL)

@two
def test_good(bed): pass

def test_plain(): pass
""",
        "-s",
        conftest=RERUNS,
    )
    counts = result.parseoutcomes()
    assert counts["again"] >= 2
    told = [line.split("told ")[1].split() for line in result.outlines if "told " in line]
    finals = {(name, outcome) for name, *when, outcome, _ in told if when == ["call"]}
    assert ("test_it.py::test_crashes[worker", "failed") not in finals
    crashed = [each for each in told if "test_crashes[worker" in each[0] and "1]" in each[1]]
    assert [each[-2:] for each in crashed if "call" in each] == [
        ["again", "0"],
        ["again", "1"],
        ["failed", "2"],
    ]
    good = [each[2:] for each in told if "test_good" in each[0] and "0]" in each[1]]
    assert good == [["setup", "passed", "0"], ["call", "passed", "0"], ["teardown", "passed", "0"]]


def test_every_name_that_is_reported_ends_with_a_teardown(suite: Suite) -> None:
    """Plugins that write files wait for it: of a worker that died, and of a claim, too."""
    result = suite(
        TWO
        + """
@two
def test_crash(bed):
    if bed.worker == 1:
        os.kill(os.getpid(), signal.SIGKILL)

@pytest.mark.distributed("mirrored")
def test_one_process(bed):
    bed.claim(1, value=2)

@two
def test_claim(bed):
    bed.claim(1, value=2)
""",
        "-s",
        conftest="""
        last = {}

        def pytest_runtest_logreport(report):
            assert last.get(report.nodeid) != "teardown"
            last[report.nodeid] = report.when

        def pytest_terminal_summary(config):
            for name, when in () if hasattr(config, "workerinput") else sorted(last.items()):
                print("ended", name, when)
        """,
    )
    ended = [line.removeprefix("ended ") for line in result.outlines if line.startswith("ended ")]
    assert ended == [
        f"test_it.py::{name} teardown"
        for name in (
            "test_claim",
            *("test_claim[worker 0]", "test_claim[worker 1]"),
            *("test_crash[worker 0]", "test_crash[worker 1]"),
            "test_one_process",
        )
    ]


def test_what_a_plugin_does_to_a_test_s_process_it_does_in_the_workers(suite: Suite) -> None:
    """Sockets that are replaced before each test are so in the body, and not for the cluster."""
    result = suite(
        TWO
        + """
@two
def test_marked(bed):
    with pytest.raises(RuntimeError, match="no sockets"):
        socket.socket()

def test_plain():
    with pytest.raises(RuntimeError, match="no sockets"):
        socket.socket()
""",
        conftest="""
        import socket

        true = socket.socket

        class NoSocket(true):
            def __new__(cls, *_, **__):
                raise RuntimeError("no sockets")

        def pytest_runtest_setup():
            socket.socket = NoSocket

        def pytest_runtest_teardown():
            socket.socket = true
        """,
    )
    result.assert_outcomes(passed=3)
