"""The command line: what it refuses, and what `list` shows."""

from __future__ import annotations

import errno
import json
import re
import shlex
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from testbed.cli.declarations.command_words import commands
from testbed.cli.declarations.engine import ENGINES
from testbed.cli.options.list import ListOptions
from testbed.cli.parser import parse
from testbed.engines.command import require_engine
from testbed.errors import LaunchError
from tests.unit.builders import COUNTER, write_script
from tests.unit.cli.status import status_of

WEIGHT = '''
@scenario(modes="eager")
@breaks("workers_diverge", site="outside_scope", when=lambda case: case.workers > 1)
def weight(bed: Bed) -> None:
    """A weight starts equal."""
'''

REJECTED = '''
@scenario(modes="eager")
@breaks("rejected", error="shape", site="outside_scope")
@breaks("rejected", error="dtype", site="in_scope")
def typed(bed: Bed) -> None:
    """A typed variable is accepted."""
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario folder of two scripts, a working folder of one's own, and no runs at all."""

    def never(work: Coroutine[Any, Any, Any]) -> None:
        work.close()
        pytest.fail("the command began to run, and should have been refused")

    shipped = tmp_path / "scenarios"
    write_script(shipped, "module_global.py", COUNTER + WEIGHT)
    write_script(shipped, "returned.py")
    monkeypatch.setattr("testbed.catalogue.selection.scenario_folder", lambda: shipped)
    monkeypatch.setattr("testbed.cli.commands.run.interruptible", never)
    monkeypatch.chdir(tmp_path)
    return shipped


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("fly", "unknown command 'fly': choose from check, launch,"),
        ("chek", "unknown command 'chek'; did you mean 'check'?"),
        ("--fly", "COMMAND"),
        ("list --device gpu", "--device"),
        ("list nowhere", "no scenario matches 'nowhere'"),
        ("list missing.py", "no such script: missing.py"),
        ("list --symptom hag", "invalid choice: 'hag'; did you mean 'hang'?"),
        ("list --symptom hang", "no such scenario is left"),
        ("list --way closure", "unknown way of sharing 'closure'"),
        ("explain TB99", "nothing is called 'TB99'"),
        ("explain worker_diverge", "did you mean 'workers_diverge'?"),
        ("explain module_global.conter", "did you mean 'module_global.counter'?"),
        ("explain no-such-word", "(testbed explain lists all)"),
        ("run nowhere", "no scenario matches 'nowhere'"),
        ("run module_global.conter", "did you mean 'module_global.counter'?"),
        ("run missing.py", "no such script: missing.py"),
        ("run --strategy mirored", "unknown strategy 'mirored'; did you mean 'mirrored'?"),
        ("run --strategy mirrored --workers 3", "--workers 3"),
        ("run --workers two", "two"),
        ("run --workers 0", "--workers 0: at least 1"),
        ("run --replicas -1", "--replicas -1: at least 1"),
        ("run --mode lazy", "unknown mode 'lazy'"),
        ("run --mode compiled", "mode"),
        ("run module_global.weight --mode function", "mode"),
        ("run --device tpu", "invalid choice: 'tpu'; did you mean 'gpu'? choose from cpu, gpu"),
        ("run --devise cpu", "--devise; did you mean '--device'? (testbed run --help)"),
        ("help chek", "unknown topic 'chek'; did you mean 'check'?"),
        ("run --jobs 0", "-j 0: more than 0"),
        ("run --timeout -1", "--timeout -1: more than 0"),
        ("run --timeout nan", "--timeout"),
        ("run --start-timeout 0", "--start-timeout 0: more than 0"),
        ("run --json nowhere/run.json", "--json nowhere/run.json"),
        ("run --html nowhere/page.html", "--html nowhere/page.html"),
        ("run --junit scenarios", "--junit scenarios"),
        ("run --json x --html x", "--html x: --json writes there, too"),
        ("report", "FILE"),
        ("report nowhere.json", "nowhere.json: No such file or directory"),
        ("report a b c", "a: No such file or directory"),
        ("report a b c --fail-on-change", "--fail-on-change compares two records; give two FILEs"),
        ("report a --fail-on-change", "--fail-on-change compares two records"),
        ("report a --html nowhere/page.html", "--html nowhere/page.html"),
        ("run --json scenarios", "--json scenarios"),
        ("run --speed high", "--speed"),
        ("doctor --end", "--end"),
    ],
)
def test_a_wrong_command_is_refused_in_one_line(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that cannot be carried out ends with status 2 and one line that says why."""
    assert status_of(*words.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert shown.err.startswith("testbed: ")
    assert told in shown.err


@pytest.mark.parametrize("command", ["check", "launch"])
def test_a_notebook_is_refused_with_how_to_convert_it(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is JSON, which Python cannot run."""
    (tmp_path / "my train.ipynb").write_text("{}")
    assert status_of(command, "my train.ipynb") == 2
    assert capsys.readouterr().err == (
        "testbed: my train.ipynb is a notebook: convert it (jupyter nbconvert --to script"
        f" 'my train.ipynb'), take out its get_ipython() lines, and {command} 'my train.py'\n"
    )


def test_a_wrong_command_leaves_no_folder(tmp_path: Path) -> None:
    """What is refused has made no run folder."""
    assert status_of("run", "nowhere") == 2
    assert not (tmp_path / ".testbed").exists()


def test_an_option_error_tells_where_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    """An error in a command's options points to that command's help."""
    status_of("run", "--speed", "high")
    status_of("run", "--device", "tpu")
    assert [line.rpartition("(")[2] for line in capsys.readouterr().err.splitlines()] == [
        "testbed run --help)",
        "testbed run --help)",
    ]


@pytest.mark.parametrize(
    ("raised", "status", "told"),
    [
        (LaunchError("no memory"), 1, "testbed: no memory\n"),
        (KeyboardInterrupt(), 130, "testbed: interrupted; all workers are ended\n"),
        (OSError(errno.ENOSPC, "No space left", "a\nb"), 1, "testbed: a\\nb: No space left\n"),
        (
            OSError(errno.EMFILE, "Too many open files"),
            1,
            "testbed: this process may have no more open files: raise ulimit -n, or use fewer"
            " workers\n",
        ),
    ],
)
def test_a_command_that_ends_early_has_its_status(
    raised: BaseException,
    status: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A machine that fails is status 1 and an interruption 130, each with one line."""

    def ends(options: ListOptions) -> int:
        raise raised

    monkeypatch.setattr("testbed.cli.commands.list.main", ends)
    assert status_of("list") == status
    assert capsys.readouterr().err == told


def test_a_mistake_of_the_testbed_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that names no file is not taken for the machine's."""

    def ends(options: ListOptions) -> int:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr("testbed.cli.commands.list.main", ends)
    with pytest.raises(OSError, match="Bad file descriptor"):
        status_of("list")


LISTED = """\
module_global: Counters.
  counter: A counter counts steps.
      outside_scope, in_scope; eager, function; behaves everywhere
  weight: A weight starts equal.
      outside_scope, in_scope; eager; breaks: workers_diverge in 2 of 10 cases

returned: Counters.
  counter: A counter counts steps.
      outside_scope, in_scope; eager, function; behaves everywhere

3 scenarios, 50 cases on the default strategies
"""


FOLDED = """\
other scripts    scenarios  cases that fail
  module_global          2          2 of 30  Counters
  returned               1          0 of 20  Counters

3 scenarios, 50 cases on the default strategies
testbed list NAME -v shows the claims; testbed run NAME runs them
"""


def test_list_is_folded(capsys: pytest.CaptureFixture[str]) -> None:
    """`list` shows one line for each script, with its scenarios and how many cases fail."""
    assert status_of("list") == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (FOLDED, "")


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("--symptom workers_diverge", ["module_global.weight"]),
        ("returned", ["returned.counter"]),
        ("STARTS", ["module_global.weight"]),
        ("weight returned", ["module_global.weight", "returned.counter"]),
    ],
)
def test_list_is_filtered(words: str, ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A symptom, names, and words of claims select scenarios; JSON has all that is known of one."""
    assert status_of("list", "--json", *words.split()) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["version"] == 1
    found = {made["id"]: made for script in listed["scripts"] for made in script["scenarios"]}
    assert list(found) == ids
    expected = {"module_global.weight": (10, {"workers_diverge": 2}), "returned.counter": (20, {})}
    for name, made in found.items():
        assert (made["cases"], made["symptoms"]) == expected[name]


def test_list_shows_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    """`list -v` shows scripts, claims, sites, modes and where each claim breaks."""
    assert status_of("list", "-v") == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (LISTED, "")


def test_list_shows_what_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """`list` with a name shows the scenarios of that name alone."""
    assert status_of("list", "-v", "module_global.weight") == 0
    shown = capsys.readouterr().out
    assert "weight" in shown
    assert "counter" not in shown
    assert shown.endswith("\n1 scenario, 10 cases on the default strategies\n")


def test_list_counts_each_error_for_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two errors by which a claim is rejected are counted apart."""
    assert status_of("list", "-v", str(write_script(tmp_path, "own.py", REJECTED))) == 0
    assert (
        "breaks: rejected (shape) in 5 of 10 cases, rejected (dtype) in 5 of 10 cases"
        in capsys.readouterr().out
    )


def test_list_shows_the_others_of_a_broken_script(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script that cannot be read is one line of the errors and status 2; the rest is listed."""
    broken = write_script(folder, "broken.py", "def (:\n")
    assert status_of("list", "-v") == 2
    shown = capsys.readouterr()
    assert shown.out == LISTED
    assert shown.err.startswith(f"testbed: {broken}:")
    assert len(shown.err.splitlines()) == 1


def test_help_tells_every_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` names the commands and what each exit status means."""
    assert status_of("--help") == 0
    shown = capsys.readouterr().out
    assert all(
        word in shown
        for word in ("list", "run", "0 as expected", "2 wrong command", "130 interrupted")
    )


def test_the_command_alone_shows_the_first_page(capsys: pytest.CaptureFixture[str]) -> None:
    """Without words, and with --help or help, the first page asks what somebody wants to know."""
    pages = []
    for words in ((), ("--help",), ("help",)):
        assert status_of(*words) == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1] == pages[2]
    asked = [line for line in pages[0].splitlines() if line.endswith("?")]
    assert asked[:3] == [
        "Is my program right under replication?",
        "Does it hang or crash?",
        "Is it slow?",
    ]


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_help_begins_with_a_sentence_and_examples(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The help says in one sentence what a command does; its examples are parsed without errors."""
    words = commands()[name]
    assert status_of("help", name) == 0
    shown = capsys.readouterr().out
    sentence, _, rest = shown.partition("\n\n")
    assert " ".join(sentence.split()) == words.sentence
    assert rest.startswith(f"  testbed {words.examples[0]}\n")
    assert max(map(len, (*sentence.splitlines(), *shown.rpartition("\n\n")[2].splitlines()))) <= 80
    assert status_of(name, "--help") == 0
    assert capsys.readouterr().out == shown
    for example in words.examples:
        assert parse(shlex.split(example)).command == name


def test_engines_have_a_help_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    """The options of engines stand on one page, and a command's help only names the engines."""
    assert status_of("help", "engines") == 0
    engines = capsys.readouterr().out
    assert all(f"  {name} " in engines for name in ENGINES)
    assert "--partition" in engines
    status_of("run", "--help")
    run = capsys.readouterr().out
    assert "--engine" in run
    assert "--partition" not in run
    for line in engines.splitlines():
        if line.startswith("  testbed "):
            options = parse(shlex.split(line)[1:]).options
            require_engine(options)


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` names the testbed, TensorFlow, and the versions that were tested."""
    assert status_of("--version") == 0
    shown = capsys.readouterr().out
    assert re.fullmatch(r"testbed 0\.\S+, TensorFlow 2\.\S+ \(tested: 2\.15 to \S+\)\n", shown)
