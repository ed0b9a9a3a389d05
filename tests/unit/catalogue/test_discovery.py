"""Reading what scripts declare, without doing what they do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from testbed.catalogue.discovery import find_scripts, read_script, read_scripts, scenario_folder
from testbed.errors import UsageError
from tests.unit.builders import COUNTER, HEADER, case_of, write_script

OWN_STATE = """
import tensorflow as tf

made_at_import = tf.Variable(0.0)
steps: tf.Variable

REPLICAS = 2
MODES = ("eager", "compiled")
first, second = 1, 2


def create() -> tf.Variable:
    return tf.Variable(0.0)


class Owner(tf.Module):
    pass


@scenario(modes=MODES)
@breaks("hang", when=lambda case: case.replicas == REPLICAS)
def counter(bed: Bed) -> None:
    \"\"\"A counter counts steps.\"\"\"
    bed.claim(bed.make(create), value=5.0)


print("at the top of the script")
"""


def test_a_script_is_read_without_running_its_top(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imports, variables, classes and prints at the top of a script are left alone."""
    # Importing it would raise now, even where another test has imported it before.
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    script = read_script(write_script(tmp_path, "ways.py", OWN_STATE))
    assert [made.id for made in script.scenarios] == ["ways.counter"]
    assert capsys.readouterr().out == ""


def test_literals_of_a_script_may_be_used(tmp_path: Path) -> None:
    """Decorators and rules may use the literal constants of their script."""
    (made,) = read_script(write_script(tmp_path, "ways.py", OWN_STATE)).scenarios
    assert made.modes == ("eager", "compiled")
    assert made.expects(case_of()).symptom == "hang"


@pytest.mark.parametrize(
    "setting",
    ['os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"', "tf.keras.backend.floatx = 'float32'"],
    ids=["item", "attribute"],
)
def test_a_literal_that_is_put_elsewhere_is_left_alone(tmp_path: Path, setting: str) -> None:
    """A script may set an item or an attribute of what it imported to a literal at its top."""
    header = f"import os\nimport tensorflow as tf\n{HEADER}\n{setting}\n"
    assert len(read_script(write_script(tmp_path, "ways.py", header=header)).scenarios) == 1
    assert os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "2"


def test_scenarios_come_in_file_order_and_with_the_title(tmp_path: Path) -> None:
    """A script has its docstring's first line as its title and its scenarios in file order."""
    header = HEADER.replace("Counters.", "Counters.\n\nMore of them.")
    body = COUNTER.replace("counter(", "zebra(") + COUNTER.replace("counter(", "ant(")
    script = read_script(write_script(tmp_path, "ways.py", body, header))
    assert (script.name, script.title) == ("ways", "Counters.")
    assert [made.name for made in script.scenarios] == ["zebra", "ant"]


def test_a_script_without_a_docstring_is_titled_by_its_name(tmp_path: Path) -> None:
    """Where a script says nothing of itself, its name stands for it."""
    header = "from testbed import Bed, scenario\n"
    assert read_script(write_script(tmp_path, "ways.py", header=header)).title == "ways"


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    """A script that is not Python is told with file and line."""
    path = tmp_path / "ways.py"
    path.write_text('"""Counters."""\n\ndef broken(:\n', encoding="utf-8")
    with pytest.raises(UsageError) as problem:
        read_script(path)
    assert str(problem.value).startswith(f"{path}:3: syntax error: ")


@pytest.mark.parametrize(
    "statement",
    [
        "os.environ['TF_CPP_MIN_LOG_LEVEL'] = '2'",
        "settings.rate = 0.1",
        "one, two = 1, 2, 3",
        "LIMITS = {[1]: 2}",
        "weight = tf.Variable(0.0)",
    ],
)
def test_what_a_script_does_is_not_executed(tmp_path: Path, statement: str) -> None:
    """Only constants with a plain name are executed; the rest waits for the worker's import."""
    path = write_script(tmp_path, "ways.py", body=f"{statement}\n{COUNTER}")
    assert len(read_script(path).scenarios) == 1


def test_annotated_constants_are_for_rules_too(tmp_path: Path) -> None:
    """A constant with an annotation can be used like one without."""
    declared = COUNTER.replace("scenario()", "scenario(modes=MODES)")
    path = write_script(tmp_path, "ways.py", body=f"MODES: Unknown = ('eager',)\n{declared}")
    (made,) = read_script(path).scenarios
    assert made.modes == ("eager",)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (COUNTER.replace("scenario()", "scenario(modes=MODES)"), "name 'MODES' is not defined"),
        (COUNTER.replace("scenario()", 'scenario(modes="lazy")'), "unknown mode 'lazy'"),
        (COUNTER.replace("scenario()", 'scenario(speed="high")'), "speed"),
        (COUNTER.replace("scenario()", "scenario"), "argument"),
        (COUNTER.replace("counts steps.", "").replace("A counter ", " "), "needs a docstring"),
        ("def counter(bed: Bed) -> None:\n    pass\n", "decorated with @scenario"),
        ("", "decorated with @scenario"),
        ("from testbed import nothing_of_this_name\n" + COUNTER, "nothing_of_this_name"),
        (COUNTER + "    steps = 0\n    global steps\n", "steps"),
        (COUNTER.replace("scenario()", "scenario(modes=('eager',)[1:][0])"), "index"),
    ],
    ids=[
        "not a literal", "unknown mode", "unknown argument", "no parentheses", "no claim",
        "no scenario", "empty", "bad import", "late global", "index",
    ],
)  # fmt: skip
def test_a_script_that_declares_wrongly_is_told_with_its_path(
    tmp_path: Path, body: str, message: str
) -> None:
    """Whatever is wrong with what a script declares is a UsageError that starts with its path."""
    path = write_script(tmp_path, "ways.py", body)
    with pytest.raises(UsageError) as problem:
        read_script(path)
    assert str(problem.value).startswith(f"{path}:")
    assert message in str(problem.value)


def test_a_rule_that_uses_the_script_is_told(tmp_path: Path) -> None:
    """A rule that needs a function of the script cannot be evaluated, and says so."""
    body = COUNTER.replace(
        "scenario()", 'scenario()\n@breaks("hang", when=lambda case: bool(helper(case)))'
    )
    (made,) = read_script(write_script(tmp_path, "ways.py", body)).scenarios
    with pytest.raises(UsageError, match=r"ways\.counter: its rule for hang raised NameError"):
        made.expects(case_of())


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe broken", "x = 1".encode("utf-16"), b"# coding: of another world\n", b"x = '\0'\n",
     b"#" * 1_000_001, None],
    ids=["not text", "UTF-16", "unknown coding", "null byte", "large", "not there"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_with_its_path(
    tmp_path: Path, content: bytes | None
) -> None:
    """A script that is no UTF-8 text, or is not there, is told with its path."""
    path = tmp_path / "ways.py"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as problem:
        read_script(path)
    assert str(problem.value).startswith(f"{path}: cannot be read: ")


def test_one_broken_script_leaves_the_others(tmp_path: Path) -> None:
    """Scripts that cannot be read become problems, and the others are read all the same."""
    good = write_script(tmp_path, "good.py")
    broken = write_script(tmp_path, "broken.py", "def (:\n")
    also_good = write_script(tmp_path, "also_good.py")
    scripts, problems = read_scripts([good, broken, also_good])
    assert [script.name for script in scripts] == ["good", "also_good"]
    assert [problem.partition(":")[0] for problem in problems] == [str(broken)]


def test_scripts_are_found_in_the_order_of_their_names(tmp_path: Path) -> None:
    """A folder's scripts are its Python files, without those that start with an underscore."""
    for name in ("zebra.py", "ant.py", "_helper.py", "notes.txt"):
        write_script(tmp_path, name)
    assert [path.name for path in find_scripts(tmp_path)] == ["ant.py", "zebra.py"]


def test_every_shipped_script_can_be_read() -> None:
    """The scripts that come with the testbed have no problems, and there are some."""
    scripts, problems = read_scripts(find_scripts(scenario_folder()))
    assert problems == []
    assert {"returned", "module_global", "get_variable"} <= {script.name for script in scripts}
