"""`testbed check` from outside: what is shown, in which form, and with which status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.catalogue.symptoms import SYMPTOMS
from testbed.check.finding import CODES
from tests.distributed.checks import WRONG
from tests.distributed.conftest import ROOT, Done

RIGHT = """\
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
for _ in range(3):
    strategy.run(lambda: steps.assign_add(1.0))
print("steps", steps.numpy())
"""


@pytest.fixture
def check(command: Callable[..., Done], tmp_path: Path) -> Callable[..., Done]:
    """Writes a script and checks it in this process."""

    def run(text: str, *arguments: str, after: tuple[str, ...] = ()) -> Done:
        (tmp_path / "train.py").write_text(text)
        return command("check", *arguments, "train.py", *after)

    return run


def test_findings_are_shown_with_place_evidence_reason_and_cure(check: Callable[..., Done]) -> None:
    """The program's own output comes first, then each finding where it stands; status 1."""
    done = check(WRONG.replace("{silent}", ""), after=("--epochs", "1"))
    assert (done.status, done.errors) == (1, "")
    lines = done.output.splitlines()
    assert lines[0] == "worker 0 | steps 6 ['--epochs', '1']"
    assert lines[1] == (
        "train.py:4: error TB101 counted_per_replica: every replica changes a variable that has"
        " one copy"
    )
    assert lines[2].startswith("  line: steps = tf.Variable(")
    assert (
        lines[3] == "  seen: 2 replicas of a worker each add 1 to 'steps' in a step (train.py:15)"
    )
    assert lines[4].startswith("  why:  made outside strategy.scope()")
    assert lines[5].startswith("  cure: create it inside strategy.scope()")
    assert lines[7].startswith("train.py:7: error TB201 replicas_diverge")
    assert lines[9] == "  seen: the copies of 'best' hold 0 and 3, since the first step"
    assert lines[-1].startswith("2 errors on mirrored-2 in ")


def test_a_program_that_is_right_has_status_0(check: Callable[..., Done]) -> None:
    """Nothing is found, and the numbers are those of a run that nobody watches."""
    done = check(RIGHT, "--replicas", "3")
    assert (done.status, done.errors) == (0, "")
    lines = done.output.splitlines()
    assert "worker 0 | steps 3.0" in lines
    reason = "its variables are changed without gradients"
    assert lines[-2] == f"not compared with one replica: {reason}"
    assert lines[-1].startswith("nothing found on mirrored-3 in ")


def test_a_note_is_no_error(check: Callable[..., Done]) -> None:
    """What is right and slow is told with its figures, and the status is 0."""
    slow = RIGHT.replace("    strategy.run(lambda: steps.assign_add(1.0))\n", "    pass\n") + (
        "@tf.function\ndef step(rate):\n"
        "    strategy.run(lambda: steps.assign_add(rate * tf.ones([])))\n"
        "for number in range(12):\n    step(0.1 * number)\n"
    )
    done = check(slow)
    assert (done.status, done.errors) == (0, "")
    assert "train.py:9: note TB309: a tf.function is traced in most of its calls" in done.output
    assert "seen: 12 of 12 calls traced step; mostly a Python float had changed" in done.output
    assert done.output.splitlines()[-1].startswith("1 note on mirrored-2 in ")


def test_a_comment_silences_its_line(check: Callable[..., Done]) -> None:
    """`# testbed: ignore[TB101]` silences that code there, and no other one."""
    done = check(WRONG.replace("{silent}", "  # testbed: ignore[TB101]"))
    assert "TB101" not in done.output
    assert "TB201" in done.output
    other = check(WRONG.replace("{silent}", "  # testbed: ignore[TB201]"))
    assert "TB101" in other.output


def test_codes_can_be_selected_and_ignored(check: Callable[..., Done]) -> None:
    """--select and --ignore take the beginnings of codes; what is not shown does not count."""
    text = WRONG.replace("{silent}", "")
    assert "TB201" not in check(text, "--select", "TB1").output
    assert check(text, "--ignore", "TB101,TB2").status == 0


def test_json_goes_to_standard_output_alone(check: Callable[..., Done]) -> None:
    """Tools get the findings and nothing else, each with all that people get."""
    done = check(WRONG.replace("{silent}", ""), "--format", "json")
    found = json.loads(done.output)
    assert (found["version"], found["incomplete"]) == (2, [])
    first = found["findings"][0]
    assert {name: first[name] for name in ("code", "symptom", "level", "file", "line")} == {
        "code": "TB101",
        "symptom": "counted_per_replica",
        "level": "error",
        "file": "train.py",
        "line": 4,
    }
    assert all(first[name] for name in ("message", "evidence", "cure"))


def test_sarif_and_github_name_the_same_lines(check: Callable[..., Done], tmp_path: Path) -> None:
    """Code-scanning pages and annotations of pull requests get the place of each finding."""
    text = WRONG.replace("{silent}", "")
    done = check(text, "--format", "sarif", "--output", "found.sarif")
    assert (done.status, done.output) == (1, "")
    sarif = json.loads((tmp_path / "found.sarif").read_text())
    results = sarif["runs"][0]["results"]
    assert [
        (
            each["ruleId"],
            each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            each["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for each in results
    ] == [("TB101", "train.py", 4), ("TB201", "train.py", 7)]
    github = check(text, "--format", "github").output.splitlines()
    assert github[0].startswith("::error file=train.py,line=4,title=TB101 counted_per_replica::2 ")


def test_a_program_that_fails_by_itself_has_a_status_of_its_own(check: Callable[..., Done]) -> None:
    """What the program gets wrong without replication is no finding: status 3, and its error."""
    done = check("raise ValueError('boom')")
    assert done.status == 3
    assert "ValueError: boom" in done.errors


def test_the_first_strategy_decides_what_a_program_runs_on(check: Callable[..., Done]) -> None:
    """Names in comments and reads of TF_CONFIG do not, and a name may be put together."""
    read = "# MultiWorkerMirroredStrategy\nimport os\nprint(os.environ.get('TF_CONFIG', '')[:9])\n"
    done = check(read + RIGHT)
    assert (done.status, done.errors) == (0, "")
    assert done.output.startswith('worker 0 | {"cluster\n')
    assert "nothing found on mirrored-2 in " in done.output
    named = "getattr(tf.distribute, 'Multi' 'WorkerMirroredStrategy')"
    text = RIGHT.replace("tf.distribute.MirroredStrategy", named)
    assert "nothing found on multi_worker_mirrored-2x1 in " in check(text).output
    assert "on multi_worker_mirrored-3x2 in " in check(text, "--workers=3", "--replicas=2").output


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("tf.distribute.get_strategy()", "was made: nothing was checked"),
        (
            "tf.distribute.OneDeviceStrategy('CPU:0')",
            "was made, only OneDeviceStrategy (train.py:3): nothing was checked",
        ),
    ],
)
def test_a_program_without_replication_has_a_status_of_its_own(
    check: Callable[..., Done], strategy: str, told: str
) -> None:
    """Nothing was checked, which tools are told, too; status 5."""
    text = RIGHT.replace("tf.distribute.MirroredStrategy()", strategy)
    done = check(text)
    assert done.status == 5
    assert told in done.output.splitlines()[-1]
    (incomplete,) = json.loads(check(text, "--format", "json").output)["incomplete"]
    assert told in incomplete


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("check",),
            "no program: testbed check [OPTION ...] SCRIPT or -m MODULE, and its arguments",
        ),
        (("check", "absent.py"), "no such script: absent.py"),
        (("check", "--replicas", "0", "own.py"), "--replicas 0: at least 1"),
        (
            ("check", "--strategy", "mirrored", "--workers", "2", "own.py"),
            "--workers: mirrored runs",
        ),
        (
            ("check", "--output", "no/where", "own.py"),
            "--output no/where: not a file in an existing",
        ),
        (("explain", "TB109x"), "nothing is called 'TB109x'; did you mean 'TB109'?"),
    ],
)
def test_a_wrong_command_is_told_in_one_line(
    command: Callable[..., Done], tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    """What is wrong, and what is valid; status 2."""
    (tmp_path / "own.py").write_text("")
    done = command(*arguments)
    assert (done.status, done.output) == (2, "")
    assert told in done.errors
    assert len(done.errors.splitlines()) == 1


def test_every_code_is_explained(command: Callable[..., Done]) -> None:
    """`testbed explain` says what a code means, why, what cures it, and what shows it."""
    done = command("explain", "tb101")
    assert done.status == 0
    assert done.output.splitlines()[0] == "TB101 counted_per_replica (error)"
    assert "see it: testbed run module_global.counter" in done.output
    listed = [line.split()[0] for line in command("explain").output.splitlines() if line[:1] == " "]
    assert listed == [*CODES, *SYMPTOMS]


def test_a_block_of_ones_own_program_is_watched(tmp_path: Path) -> None:
    """`testbed.watch` finds in a block what the command finds in a program, and leaves no trace."""
    program = tmp_path / "own.py"
    program.write_text(
        "import tensorflow as tf\nimport testbed\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "two = [tf.config.LogicalDeviceConfiguration()] * 2\n"
        "tf.config.set_logical_device_configuration(cpu, two)\n"
        "run = tf.distribute.MirroredStrategy.run\n"
        "with testbed.watch() as right:\n"
        "    strategy = tf.distribute.MirroredStrategy()\n"
        "    with strategy.scope():\n"
        "        steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)\n"
        "    strategy.run(lambda: steps.assign_add(1.0))\n"
        "try:\n"
        "    with testbed.watch() as wrong:\n"
        "        count = tf.Variable(0.0)\n"
        "        strategy.run(lambda: count.assign_add(1.0))\n"
        "        raise ValueError('my own')\n"
        "except ValueError as problem:\n"
        "    print(problem)\n"
        "print(right.findings, [(f.code, f.place.line) for f in wrong.findings])\n"
        "print(tf.distribute.MirroredStrategy.run is run)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines() == ["my own", "() [('TB101', 14)]", "True"], done.stderr


def test_an_unreadable_report_is_not_taken_for_silence(check: Callable[..., Done]) -> None:
    """Where a worker's observations cannot be read, the check says so, and has status 4."""
    damaging = (
        "import testbed.worker.user_code.own_code as own_code\n"
        "own_code.write_json = lambda path, data: path.write_text('[]')\n"
    )
    done = check(RIGHT + damaging)
    assert done.status == 4
    assert "watching failed: " in done.output
    assert "findings may be missing" in done.output
