"""A program ends in a worker as under plain python: output, exit code and files are the same."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.launcher.entry import Entry
from testbed.launcher.run_folder import new_run_folder
from testbed.orders.own_code import RUN_CHECKED, RUN_PROGRAM, Program, ProgramOrders
from testbed.run.servers import open_server
from tests.distributed.conftest import Done
from tests.distributed.endings.compared import Seen, in_a_worker, under_python, written
from tests.distributed.endings.table import ENDINGS

# The hardest in a new interpreter, which costs seconds each: it has no descriptor for its report.
FRESH = ("raises", "closes every descriptor", "module")

# Watching wraps the same end of a program; a sixth of the table and these are watched each time.
WATCHED = {
    *FRESH,
    "terminated",
    "idle pool",
    "becomes itself again",
    "exit 2**70",
    "interrupted",
    "just not too deep",
    "file left open",
    "child exits",
    "logs before TensorFlow",
    *[*ENDINGS][::6],
}

Worker = Callable[[Program, Entry[ProgramOrders], bool], Seen]


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Runs a program in a worker, by an entry; TensorFlow is imported once for this module."""
    loop = asyncio.new_event_loop()
    with new_run_folder(tmp_path_factory.mktemp("endings") / "runs") as folder:
        opened = open_server(folder, fresh=False, module=RUN_CHECKED.module, exact=False)
        server = loop.run_until_complete(opened.__aenter__())

        def run(program: Program, entry: Entry[ProgramOrders], fresh: bool) -> Seen:
            case = folder.case(f"{Path.cwd().parent.name}-{Path.cwd().name}")
            return loop.run_until_complete(in_a_worker(program, server, case, entry, fresh=fresh))

        try:
            yield run
        finally:
            loop.run_until_complete(opened.__aexit__(None, None, None))
            loop.close()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Seen]:
    """What plain python does with a program of the table, asked once."""

    @functools.cache
    def run(name: str) -> Seen:
        folder = tmp_path_factory.mktemp("plain") / "own folder"
        return under_python(written(ENDINGS[name], folder), folder)

    return run


@pytest.fixture
def ends(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Entry[ProgramOrders], bool], Seen]:
    """Runs a program of the table in a worker, by an entry."""

    def run(name: str, entry: Entry[ProgramOrders], fresh: bool) -> Seen:
        folder = tmp_path / "own folder"
        program = written(ENDINGS[name], folder)
        monkeypatch.chdir(folder)
        return worker(program, entry, fresh)

    return run


Ends = Callable[[str, Entry[ProgramOrders], bool], Seen]


def or_soak(chosen: Container[str]) -> list[Any]:
    """The whole table; what is not chosen is for `make soak`."""
    return [
        pytest.param(name, marks=() if name in chosen else pytest.mark.soak, id=name)
        for name in ENDINGS
    ]


@pytest.mark.parametrize("name", ENDINGS)
def test_launch_ends_a_program_as_python_does(
    ends: Ends, plain: Callable[[str], Seen], name: str
) -> None:
    """A forked worker ends a program with the output, the exit code and the files of python."""
    assert ends(name, RUN_PROGRAM, False) == plain(name)


@pytest.mark.parametrize("name", or_soak(WATCHED))
def test_check_ends_a_program_as_python_does(
    ends: Ends, plain: Callable[[str], Seen], name: str
) -> None:
    """A program that is watched ends as python ends it."""
    assert ends(name, RUN_CHECKED, False) == plain(name)


@pytest.mark.parametrize("name", or_soak(FRESH))
def test_a_new_interpreter_ends_a_program_as_python_does(
    ends: Ends, plain: Callable[[str], Seen], name: str
) -> None:
    """With --fresh a program ends as python ends it, too."""
    assert ends(name, RUN_PROGRAM, True) == plain(name)


def test_check_says_what_it_has_not_seen(command: Callable[..., Done], tmp_path: Path) -> None:
    """A program that is gone without a report is not one in which nothing was found."""
    (tmp_path / "leaves.py").write_text("import os\nos._exit(0)")
    done = command("check", "leaves.py")
    assert done.status == 3
    assert "worker 0 ended without a report, by os._exit or exec" in done.errors
    assert done.errors.count("\n") == 1
