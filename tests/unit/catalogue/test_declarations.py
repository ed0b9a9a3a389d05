"""What a script declares is listed, or told with its line: no scenario disappears."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.catalogue.discovery import Script, read_script, read_scripts
from testbed.errors import UsageError
from tests.unit.builders import COUNTER, HEADER, write_script


def names(script: Script) -> list[str]:
    return [made.name for made in script.scenarios]


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as problem:
        read_script(path)
    told = str(problem.value)
    assert "\n" not in told
    return told.removeprefix(str(path))


@pytest.mark.parametrize(
    ("imports", "decorator"),
    [
        ("from testbed import scenario as claim", "@claim()"),
        ("from testbed.catalogue.scenario import scenario", "@scenario()"),
        ("from testbed import *", "@scenario()"),
        ("import os, testbed", "@testbed.scenario()"),
        ("import testbed as tb", "@tb.scenario()"),
    ],
)
def test_scenario_may_be_imported_in_any_way(tmp_path: Path, imports: str, decorator: str) -> None:
    """A scenario is listed whatever name the script gives to what decorates it."""
    body = COUNTER.replace("@scenario()", decorator).replace(": Bed", "")
    path = write_script(tmp_path, "ways.py", body, f"{imports}\n")
    assert names(read_script(path)) == ["counter"]


INNER = COUNTER.replace("counter", "hidden")


def indented(text: str, depth: int = 1) -> str:
    return "".join(f"{'    ' * depth}{line}\n" for line in text.strip().splitlines())


@pytest.mark.parametrize(
    ("more", "line", "what"),
    [
        (f"if True:\n{indented(INNER)}", 7, "inside another block ('hidden')"),
        (f"try:\n{indented(INNER)}finally:\n    pass\n", 7, "inside another block ('hidden')"),
        (f"for _ in [1]:\n{indented(INNER)}", 7, "inside another block ('hidden')"),
        (f"class Group:\n{indented(INNER)}", 7, "inside another block ('hidden')"),
        (f"def make():\n{indented(INNER)}", 7, "inside another block ('hidden')"),
        ("@scenario()\nclass Counter:\n    '''It counts.'''\n", 6, "on a class ('Counter')"),
        (INNER.replace("def", "async def").strip(), 6, "on an async function ('hidden')"),
        ("hidden = scenario()(print)", 5, "'scenario' is used in an expression"),
        ("claim = scenario", 5, "'scenario' is used in an expression"),
        ("class Group:\n    hidden = scenario()(print)", 6, "'scenario' is used in an expression"),
        (COUNTER.strip(), 6, "'counter' is bound at line 3, too"),
        ("counter = 5", 5, "'counter' is bound at line 3, too"),
        ("import counter", 5, "'counter' is bound at line 3, too"),
        ("def counter():\n    pass", 5, "'counter' is bound at line 3, too"),
        ("class counter:\n    pass", 5, "'counter' is bound at line 3, too"),
        ("for counter in []:\n    pass", 5, "'counter' is bound at line 3, too"),
        ("if True:\n    counter = 5", 6, "'counter' is bound at line 3, too"),
        ("del counter", 5, "'counter' is bound at line 3, too"),
        ("with open('x') as counter:\n    pass", 5, "'counter' is bound at line 3, too"),
        ("print(counter := 5)", 5, "'counter' is bound at line 3, too"),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_told_with_its_line(
    tmp_path: Path, more: str, line: int, what: str
) -> None:
    """A scenario that could not be listed, or is lost at import, is an error with its line."""
    path = tmp_path / "ways.py"
    text = f"from testbed import Bed, scenario\n{COUNTER.lstrip()}{more}\n"
    path.write_text(text)
    told = refused(path)
    assert what in told
    assert told.startswith(f":{line}: ")


@pytest.mark.parametrize(
    "more",
    [
        "counter_of_another_name = 5",
        "numbers = [counter for counter in (1, 2)]",
        "def use():\n    counter = 5\n    return counter",
        "other: 'counter'",
        "if __name__ == '__main__':\n    for scenario in ():\n        print(scenario)",
    ],
)
def test_what_takes_no_scenario_away_is_left_alone(tmp_path: Path, more: str) -> None:
    """Names of other scopes, and what only a main program does, take no scenario away."""
    path = write_script(tmp_path, "ways.py", COUNTER + more + "\n")
    assert names(read_script(path)) == ["counter"]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: f"# coding: latin-1\n{text}# caf\xe9\n".encode("latin-1"),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
    ids=["byte order mark", "coding", "CRLF"],
)
def test_a_script_is_decoded_as_python_decodes_it(tmp_path: Path, encode: object) -> None:
    """A byte order mark, a coding comment and other ends of lines are Python."""
    path = tmp_path / "ways.py"
    assert callable(encode)
    path.write_bytes(encode(HEADER.lstrip() + COUNTER))
    script = read_script(path)
    assert names(script) == ["counter"]
    assert "\r" not in script.source.text
    assert "\ufeff" not in script.source.text


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_is_told_at_once(tmp_path: Path, kind: str) -> None:
    """A folder, a pipe without a writer and a device without an end are no scripts."""
    path = tmp_path / "ways.py"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    assert refused(path).startswith(": cannot be read: ")


DEEP = {
    "sum": "X = " + "+".join(["1"] * 20_000),
    "signs": "X = " + "-" * 200_000 + "1",
    "attributes": "X = a" + ".b" * 300_000,
    "brackets": "X = " + "[" * 90_000 + "]" * 90_000,
    "branches": "if 1:\n    pass\n" + "elif 1:\n    pass\n" * 50_000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_a_script_that_is_too_deep_leaves_the_others(tmp_path: Path, text: str) -> None:
    """What Python cannot compile is one line that names its script; the others are listed."""
    good = write_script(tmp_path, "good.py")
    deep = write_script(tmp_path, "deep.py", COUNTER + text + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "testbed", "list", str(deep), str(good)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "  good " in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"testbed: {deep}:")


def test_a_script_that_goes_while_scripts_are_read_leaves_the_others(tmp_path: Path) -> None:
    """A script that is gone, or may not be read, by the time it is read is one line."""
    good, gone = write_script(tmp_path, "good.py"), tmp_path / "gone.py"
    scripts, problems = read_scripts([gone, good])
    assert [script.name for script in scripts] == ["good"]
    assert problems == [f"{gone}: cannot be read: No such file or directory"]


def test_a_literal_that_is_deep_is_left_alone(tmp_path: Path) -> None:
    """An expression that Python compiles, and nobody needs here, is no reason to refuse."""
    deep = "X = " + "+".join(["1"] * 500)
    assert names(read_script(write_script(tmp_path, "ways.py", COUNTER + deep + "\n")))


def test_a_name_that_is_not_defined_is_told_with_its_line(tmp_path: Path) -> None:
    """What a decorator needs and is no literal is told with the decorator's line."""
    path = write_script(tmp_path, "ways.py", COUNTER.replace("scenario()", "scenario(modes=M)"))
    text = path.read_text()
    line = text[: text.index("@scenario")].count("\n") + 1
    assert refused(path).startswith(f":{line}: name 'M' is not defined")
