"""The pytest plugin: what is told of a test that fails in some worker, and how."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.distributed.plugin.conftest import Suite
from tests.distributed.tensorflow_log import without_log
from tests.distributed.whole_output import compares_whole_output
from tests.soak import later

MEETS = """
import os, signal, sys, threading
import pytest
import tensorflow as tf

def meet(bed):
    bed.run(lambda: tf.distribute.get_replica_context().all_reduce("SUM", tf.ones([])))
"""


def section(result: pytest.RunResult, title: str) -> list[str]:
    """The lines below a headline of the output, up to the next one, without TensorFlow's log."""
    lines = iter(without_log(result.stdout.str()))
    for line in lines:
        if re.fullmatch(rf"[_-]+ {re.escape(title)} [_-]+", line):
            break
    else:
        pytest.fail(f"no section {title}")
    return _until(lines, r"[_=-]{3,} .* [_=-]{3,}")


def _until(lines: Iterator[str], pattern: str) -> list[str]:
    found = []
    for line in lines:
        if re.fullmatch(pattern, line):
            break
        found.append(line)
    return found


@compares_whole_output
def test_an_assertion_is_explained_as_pytest_does(suite: Suite) -> None:
    """The worker's own values stand in the assertion, beside what it and its peers printed."""
    result = suite(
        """
        import pytest

        @pytest.mark.distributed(workers=2)
        def test_values(bed):
            print("printed by", bed.worker)
            found = [1, 2, bed.worker]
            assert found == [1, 2, 0]
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    failure = section(result, "test_values[worker 1]")
    assert ">       assert found == [1, 2, 0]" in failure
    assert "E       assert [1, 2, 1] == [1, 2, 0]" in failure
    assert "E         At index 2 diff: 1 != 0" in failure
    assert "test_it.py:7: AssertionError" in failure
    assert section(result, "Captured output of worker 1") == ["printed by 1"]
    assert section(result, "Captured output of worker 0") == ["printed by 0"]
    result.stdout.fnmatch_lines(
        ["FAILED test_it.py::test_values[[]worker 1] - assert [[]1, 2, 1] == [[]1, 2, 0]"]
    )


@pytest.mark.parametrize(
    ("how", "told"),
    [
        later("os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV", name="signal"),
        pytest.param("os._exit(0)", "exit code 0, without a report", id="good exit"),
        later("os._exit(7)", "exit code 7", name="bad exit"),
    ],
)
def test_a_worker_that_dies_is_the_first_failure(suite: Suite, how: str, told: str) -> None:
    """The dead worker comes first, with its phase and output; whoever waited for it says so."""
    result = suite(
        MEETS
        + f"""
@pytest.mark.distributed(workers=2)
def test_dies(bed):
    if bed.worker == 1:
        print("last words")
        {how}
    meet(bed)

@pytest.mark.distributed(workers=2)
def test_next(bed):
    meet(bed)
""",
        "-v",
    )
    result.assert_outcomes(failed=2, passed=2)
    first, other = [line for line in result.outlines if line.startswith("FAILED")]
    assert re.search(r"test_dies\[worker 1\] - Failed: worker 1 ended after [\d.]+ s", first)
    assert first.endswith(f"in phase 'call': {told}")
    assert "test_dies[worker 0]" in other
    assert "last words" in section(result, "Captured output of worker 1")


def test_an_exit_is_an_exception_of_the_body(suite: Suite) -> None:
    """sys.exit fails the worker that calls it, and pytest.exit is told as what it is."""
    result = suite(
        """
        import sys
        import pytest

        @pytest.mark.distributed(workers=2)
        def test_exit(bed):
            if bed.worker == 1:
                sys.exit(3)

        @pytest.mark.distributed(workers=2)
        def test_ends_session(bed):
            if bed.worker == 1:
                pytest.exit("enough")
        """
    )
    result.assert_outcomes(failed=2, passed=2)
    result.stdout.fnmatch_lines(
        [
            "FAILED test_it.py::test_exit[[]worker 1] - SystemExit: 3",
            "FAILED test_it.py::test_ends_session[[]worker 1]*the test ended its session*enough*",
        ]
    )


@compares_whole_output
def test_a_hang_says_who_keeps_whom_waiting(suite: Suite) -> None:
    """At the deadline each worker's stacks are shown, and the sentence names the odd one."""
    result = suite(
        MEETS
        + """
@pytest.mark.distributed(workers=3, timeout=6)
def test_hangs(bed):
    if bed.worker == 2:
        threading.Event().wait()
    meet(bed)
"""
    )
    result.assert_outcomes(failed=3)
    sentence = section(result, "test_hangs[worker 0]")
    assert sentence == [
        "worker 2 is in phase 'call', at test_it.py:11 in test_hangs, and has not entered step 1's"
        " collective; workers 0, 1 wait in it, at test_it.py:6 in <lambda>"
    ]
    stacks = section(result, "Captured stacks of worker 2")
    assert stacks[-3].endswith('test_it.py", line 11 in test_hangs')
    assert stacks[-1].startswith("(all of them: ")
    assert Path(stacks[-1].split()[-1].rstrip(")")).exists()


def test_a_skip_on_one_worker_only_is_named_where_others_wait(suite: Suite) -> None:
    """Who needs a worker that skipped fails and says why; who does not need it passes."""
    result = suite(
        MEETS
        + """
@pytest.mark.distributed(workers=2, timeout=6)
def test_needs_it(bed):
    if bed.worker == 1:
        pytest.skip("no room here")
    meet(bed)

@pytest.mark.distributed(workers=2)
def test_needs_nobody(bed):
    if bed.worker == 1:
        pytest.skip("no room here")
    # Longer than the peers of one that failed are waited for.
    threading.Event().wait(3)
""",
        "-rs",
    )
    result.assert_outcomes(failed=1, skipped=2, passed=1)
    (sentence,) = section(result, "test_needs_it[worker 0]")
    assert sentence == (
        "worker 1 has reported, and has not entered step 1's collective; worker 0 waits in it, at"
        " test_it.py:6 in <lambda>; worker 1 had skipped the test: skip it in every worker, or in"
        " none"
    )
    result.stdout.fnmatch_lines(["SKIPPED*test_it.py:*: no room here"])


def test_a_failed_assertion_ends_the_peers_that_wait(suite: Suite) -> None:
    """A worker that cannot go on without the failed one is ended, and says for whom."""
    result = suite(
        MEETS
        + """
@pytest.mark.distributed(workers=2, timeout=300)
def test_waits(bed):
    assert bed.worker == 0
    meet(bed)
"""
    )
    result.assert_outcomes(failed=2)
    failures = [line for line in result.outlines if line.startswith("FAILED")]
    assert failures[0].startswith("FAILED test_it.py::test_waits[worker 1] - assert 1 == 0")
    assert "worker 1 has reported" in failures[1]
    assert "worker 0 waits in it" in failures[1]


def test_fixtures_that_fail_are_errors_of_their_worker(suite: Suite) -> None:
    """Setup and teardown in a worker fail under its name, as they do in a plain test."""
    result = suite(
        """
        import pytest

        @pytest.fixture
        def fragile(bed):
            assert bed.worker == 0, "made here"
            yield
            assert bed.worker == 1, "ended here"

        @pytest.mark.distributed(workers=2)
        def test_fragile(bed, fragile): pass
        """
    )
    result.assert_outcomes(errors=2, passed=1)
    result.stdout.fnmatch_lines_random(
        [
            "*ERROR at setup of test_fragile[[]worker 1]*",
            "*made here*",
            "*ERROR at teardown of test_fragile[[]worker 0]*",
            "*ended here*",
        ]
    )


def test_fixtures_of_plain_tests_end_where_they_should(suite: Suite) -> None:
    """A marked test between plain ones of two modules leaves their fixtures to pytest."""
    body = """
        import pytest

        @pytest.fixture(scope="module")
        def made():
            yield
            print("ended {name}")

        def test_before(made): pass

        @pytest.mark.distributed("default")
        def test_marked(bed, made): pass
        """
    result = suite(body.replace("{name}", "second"), "-s", test_a=body.replace("{name}", "first"))
    result.assert_outcomes(passed=4)
    plain = [line for line in result.outlines if "ended" in line and "worker" not in line]
    assert [line.split()[-1] for line in plain] == ["first", "second"]


def test_what_failed_is_run_again_by_its_name(suite: Suite, pytester: pytest.Pytester) -> None:
    """--last-failed, --stepwise and a name from the report select the test, until it passes."""
    text = """
        import pathlib
        import pytest

        HEALED = pathlib.Path(__file__).with_name("healed").exists()

        @pytest.mark.distributed(workers=2)
        def test_good(bed): pass

        @pytest.mark.distributed(workers=2)
        def test_sick(bed):
            assert HEALED or bed.worker == 0

        @pytest.mark.distributed("mirrored")
        def test_claim(bed):
            bed.claim(1, value=1 if HEALED else 2)
        """
    suite(text).assert_outcomes(passed=3, failed=2)
    suite(text, "--lf").assert_outcomes(passed=1, failed=2)
    suite(text, "test_it.py::test_sick[worker 1]").assert_outcomes(passed=1, failed=1)
    suite(text, "--sw").assert_outcomes(passed=3, failed=1)
    (pytester.path / "healed").touch()
    suite(text, "--sw").assert_outcomes(passed=3, deselected=1)
    suite(text, "--lf").assert_outcomes(passed=5)


def test_the_first_failure_can_stop_the_session(suite: Suite) -> None:
    """-x ends the session after the test that failed, all of whose workers are told."""
    result = suite(
        """
        import pytest

        @pytest.mark.distributed(workers=2)
        def test_first(bed):
            assert bed.worker == 2

        @pytest.mark.distributed(workers=2)
        def test_second(bed): pass
        """,
        "-x",
    )
    result.assert_outcomes(failed=2)
    assert "test_second" not in result.stdout.str()


def test_ctrl_c_ends_the_workers_and_the_session(pytester: pytest.Pytester) -> None:
    """An interrupt during a marked test ends pytest as it does elsewhere, and every process."""
    pytester.makepyfile(
        test_it="""
        import os, threading
        import pytest

        @pytest.mark.distributed(workers=2)
        def test_waits(bed):
            print("process", os.getpid(), os.getppid(), flush=True)
            threading.Event().wait()
        """
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-s", "-o", "testbed_isolation=none"],
        cwd=pytester.path,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout
    pids: list[str] = []
    with running.stdout as output:
        for line in output:
            pids += line.split()[-2:] if "process" in line else []
            if len(pids) == 4:
                break
        running.send_signal(signal.SIGINT)
        rest = output.read()
    assert running.wait(30) == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in rest
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_a_session_survives_its_server(own_suite: Suite) -> None:
    """Whoever ends the server fails, and the next marked test has a new one."""
    result = own_suite(
        """
        import os, signal, threading
        import pytest

        @pytest.mark.distributed(workers=2)
        def test_ends_it(bed):
            if bed.worker == 1:
                os.kill(os.getppid(), signal.SIGKILL)
            threading.Event().wait()

        @pytest.mark.distributed(workers=2)
        def test_next(bed): pass
        """,
        "-o",
        "testbed_isolation=none",
    )
    result.assert_outcomes(failed=2, passed=2)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_ends_it[[]worker 1]*killed by SIGKILL*"])


def test_a_folder_that_cannot_be_written_to_fails_marked_tests(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    """Where no run folder can be made, that is the failure, in one line."""
    (pytester.path / ".testbed").write_text("a file in its place")
    result = suite("import pytest\n@pytest.mark.distributed\ndef test_it(bed): pass\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED*cannot make a run folder in*"])
    assert "Traceback" not in result.stdout.str()
