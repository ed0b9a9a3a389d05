"""`testbed run` from outside: statuses, messages, records."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.decoding import decoded
from testbed.report.records.record import RunRecord
from tests.distributed.conftest import ROOT, Done
from tests.soak import later

COUNTER = """
@scenario(sites=("outside_scope",), modes=("function",))
{rules}
def counter(bed: Bed) -> None:
    \"\"\"A counter counts steps.\"\"\"
    steps = bed.make(lambda: tf.Variable(0.0))
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)
"""
RULE = '@breaks("counted_per_replica", when=lambda case: case.replicas_per_worker > 1)'


def test_as_expected(command: Callable[..., Done], script: Callable[..., str]) -> None:
    """All as expected: status 0, and a record that holds what was seen."""
    done = command("run", script(COUNTER.format(rules=RULE)), "--json", "result.json")
    assert (done.status, done.errors) == (0, "")
    assert "5 cases: 3 behave, 2 failures shown as documented, 0 unexpected" in done.output
    case = done.case("mine.counter[outside_scope,function]@multi_worker_mirrored-2x2")
    assert case["verdict"] == "breaks"
    assert (case["symptom"], case["evidence"]) == ("counted_per_replica", "10 for 5")
    assert (case["workers"], case["replicas"], case["as_expected"]) == (2, 2, True)
    assert [report["worker"] for report in case["reports"]] == [0, 1]
    assert (done.record["kind"], done.record["version"]) == ("run", 2)
    assert done.record["versions"]["tensorflow"].startswith("2.")
    decoded(RunRecord, done.record)


def test_every_form_of_report(
    command: Callable[..., Done], script: Callable[..., str], tmp_path: Path
) -> None:
    """A run writes its page and JUnit beside its record, and says where they are."""
    files = ("--json", "result.json", "--html", "page.html", "--junit", "junit.xml")
    done = command("run", script(COUNTER.format(rules=RULE)), "--strategy", "mirrored", *files)
    assert done.status == 0, done.output
    assert "result: result.json\npage: page.html\nJUnit: junit.xml\n" in done.output
    assert "counter[outside_scope,function]@mirrored-2" in (tmp_path / "page.html").read_text()
    assert 'tests="1" failures="0"' in (tmp_path / "junit.xml").read_text()
    (copy,) = done.record["cases"][0]["reports"][0]["findings"][0]["reading"]["copies"]
    assert copy["writers"] == ["replica 0", "replica 1"]


def test_wrong_expectation(command: Callable[..., Done], script: Callable[..., str]) -> None:
    """A wrong expectation: status 1, and which case, what was expected and what was seen."""
    done = command("run", script(COUNTER.format(rules="")), "--strategy", "mirrored")
    assert done.status == 1
    assert (
        "mine.counter[outside_scope,function]@mirrored-2  expected behaves,"
        " saw counted_per_replica: 10 for 5"
    ) in done.output
    assert "1 unexpected" in done.output


def test_expected_break_that_behaves(
    command: Callable[..., Done], script: Callable[..., str]
) -> None:
    """An expected break that does not come is unexpected too."""
    done = command("run", script(COUNTER.format(rules='@breaks("hang")')), "--strategy", "default")
    assert done.status == 1
    assert "expected hang, saw behaves" in done.output


def test_syntax_error(command: Callable[..., Done], script: Callable[..., str]) -> None:
    """A script that cannot be read is named with its line; the others still run; status 2."""
    good = script(COUNTER.format(rules=RULE))
    bad = script("def broken(:\n", name="bad")
    done = command("run", bad, good, "--strategy", "default")
    assert done.status == 2
    assert done.errors == f"testbed: {bad}:6: syntax error: invalid syntax\n"
    assert "1 case: 1 behave" in done.output


def test_hang(command: Callable[..., Done], script: Callable[..., str]) -> None:
    """A collective that one worker leaves out is a hang, told with the line that waits."""
    body = """
@scenario(sites=("in_scope",), modes=("eager",))
@breaks("hang", when=lambda case: case.workers > 1)
def lonely(bed: Bed) -> None:
    \"\"\"Worker 0 alone may add up.\"\"\"
    if bed.worker == 0:
        bed.run(lambda: tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1.0)))
"""
    done = command(
        "run", script(body), "--strategy", "multi_worker_mirrored", "--workers", "2",
        "--timeout", "3", "--json", "result.json",
    )  # fmt: skip
    assert done.status == 0, done.output
    (case,) = done.record["cases"]
    assert case["symptom"] == "hang"
    assert case["evidence"].startswith("worker 1 has reported, and has not entered step 1")


def test_mistake_in_script(command: Callable[..., Done], script: Callable[..., str]) -> None:
    """A NameError in a script is the script's error, told with its line, not a symptom."""
    body = """
@scenario(sites=("in_scope",), modes=("eager",))
@breaks("rejected", error="NameError")
def mistaken(bed: Bed) -> None:
    \"\"\"Nothing.\"\"\"
    bed.make(lambda: no_such_name)
"""
    done = command("run", script(body), "--strategy", "default")
    assert done.status == 1
    assert "error: in the scenario: NameError: name 'no_such_name' is not defined" in done.output
    assert re.search(r"raised NameError at mine.py:1\d in <lambda>", done.output)


def test_fresh(command: Callable[..., Done], script: Callable[..., str]) -> None:
    """New interpreters show the same."""
    done = command(
        "run", script(COUNTER.format(rules=RULE)), "--fresh", "--workers", "2", "--replicas", "2",
        "--strategy", "multi_worker_mirrored",
    )  # fmt: skip
    assert done.status == 0, done.output


def test_script_runs_itself(tmp_path: Path) -> None:
    """A scenario script is a command."""
    done = subprocess.run(
        [sys.executable, ROOT / "scenarios/returned.py", "--strategy", "mirrored", "--mode=eager"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "6 cases: 4 behave, 2 failures shown as documented, 0 unexpected" in done.stdout


@pytest.mark.parametrize("device", [later("gpu"), "split-gpu"])
def test_gpus_that_are_not_there(testbed: Callable[..., Done], device: str) -> None:
    """A machine without GPUs says so in one line."""
    done = testbed(
        "run", "returned", "--device", device, "--strategy", "mirrored", CUDA_VISIBLE_DEVICES="-1"
    )
    assert done.status == 2
    needed = "1 GPU" if device == "split-gpu" else "2 GPUs"
    told, _, elsewhere = done.errors.rpartition("; ")
    assert told == (
        f"testbed: none of the cases can run: needs {needed}, found 0;"
        " use the device cpu, or fewer workers and replicas"
    )
    # Which engines there are is this machine's matter.
    where = (
        r"(no engine for more hosts is found here|on more hosts \(.* found here\): testbed run )"
    )
    assert re.match(where, elsewhere)
    assert elsewhere.count("\n") == 1


def test_doctor(testbed: Callable[..., Done]) -> None:
    """The doctor tells versions and devices, and what would mislead, with its cure."""
    done = testbed("doctor", TF_CONFIG="{}")
    assert done.status == 1
    assert "ok  TensorFlow 2." in done.output
    assert "ok  workers can be forked from a preloaded server" in done.output
    assert "look  TF_CONFIG is set" in done.output
    assert "cure: unset TF_CONFIG" in done.output
