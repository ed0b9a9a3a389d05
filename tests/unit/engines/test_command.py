"""What an engine has each of its processes run: what was typed, without the engine's options."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from testbed.cli.declarations.engine import ENVIRONMENT, EngineOptions
from testbed.cli.options.run import RunOptions
from testbed.cli.parser import CommandLine, parse
from testbed.engines import InnerCommand
from testbed.engines.command import inner_of, require_engine, start, words_without_cluster
from testbed.errors import UsageError
from testbed.hosts.role import Role

SLURM = ("--engine", "slurm")
ENGINES = ("--partition", "short", "--nodes", "2", "--sbatch", "qos=low", "--cpus-per-worker", "4")


def typed(*words: str) -> CommandLine:
    return parse(words)


def own(line: CommandLine) -> dict[str, Any]:
    """The command's own options."""
    return {name: given for name, given in vars(line.options).items() if name != "engine"}


def inner(*words: str) -> InnerCommand:
    line = typed(*words)
    return inner_of(line.command, line.options)


def refused(*words: str) -> str:
    with pytest.raises(UsageError) as problem:
        require_engine(typed(*words).options)
    return str(problem.value)


COMMANDS: list[tuple[str, ...]] = [
    ("run",),
    ("run", "returned", "module_*", "a.b[in_scope,eager]@mirrored-2"),
    ("run", "--strategy", "mirrored", "--strategy", "one_device", "--mode", "eager", "x"),
    ("run", "-j", "3", "-v", "--fresh", "--device", "gpu", "--replicas", "4", "--workers", "3"),
    ("run", "--json", "a b.json", "--html", "p.html", "--junit=-j.xml", "--python", "/usr/bin/x"),
    ("run", "--timeout", "1234567.25", "--start-timeout", "0.125", "--isolation", "none"),
    ("run", "--mode", "eager", "--", "-odd.py", "x"),
    ("run", "--timeout", "1e22", "--start-timeout", "inf"),
    ("worker", "returned", "--mode=eager", "--workers", "2"),
    ("launch", "train.py"),
    ("launch", "--timeout", "7", "train.py", "--workers", "9", "--engine", "ray", "--", "-m", "x"),
    ("launch", "--fresh", "-m", "package.train", "--folder", "/elsewhere", "-m", "--replicas", "2"),
    ("launch", "--device", "split-gpu", "--replicas", "2", "train.py", "--", "a b", ""),
    ("check", "train.py", "--format", "json"),
    ("check", "--format", "sarif", "--output", "o", "--select", "TB1", "--select", "TB2", "t.py"),
    ("check", "--ignore", "TB101,TB201", "--strategy", "mirrored", "-m", "m", "--ignore", "x"),
    ("bench",),
    ("bench", "wire", "scaling", "--quick", "--rounds", "2", "--batch", "16", "--format", "png"),
    ("bench", "--against", "old.json", "--tolerance", "2.5", "--workers", "4", "--replicas", "2"),
]


def with_options(command: Sequence[str], *more: str) -> CommandLine:
    """The options of engines stand where people put them: first."""
    return typed(command[0], *more, *command[1:])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_process_runs_what_was_typed(command: tuple[str, ...]) -> None:
    """The words of each process say what the command says, and nothing else of the engine."""
    asked = with_options(command, *SLURM, *ENGINES, "--folder", "f", "--meeting-timeout", "61.125")
    inner = inner_of(asked.command, asked.options)
    again = typed(*inner.words)
    expected = own(with_options(command))
    expected["workers"] = expected["workers"] or 2
    assert own(again) == expected
    expected_engine = EngineOptions(
        engine=ENVIRONMENT, folder=str(Path.cwd() / "f"), meeting_timeout=61.125
    )
    assert vars(again.options.engine) == vars(expected_engine)
    assert inner.folder == again.options.engine.folder
    require_engine(again.options)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_words_without_the_cluster(command: tuple[str, ...]) -> None:
    """Without devices and numbers, the words say what the command says of all else."""
    words = words_without_cluster(with_options(command, *SLURM, *ENGINES).options)
    again = typed(command[0], *words)
    expected = own(with_options(command))
    default = typed(*command[:1]).options
    for name in ("device", "workers", "replicas"):
        if hasattr(default, name):
            expected[name] = getattr(default, name)
    assert own(again) == expected


def test_gpus_of_each_worker_are_its_replicas() -> None:
    """GPUs for each worker mean that device, and as many replicas unless it is said otherwise."""
    found = inner("run", *SLURM, "--workers", "3", "--gpus-per-worker", "4")
    assert (found.workers, found.gpus_per_worker) == (3, 4)
    again = typed(*found.words).options
    assert (again.device, again.replicas, again.engine.gpus_per_worker) == ("gpu", 4, None)
    split = inner("launch", *SLURM, "--gpus-per-worker", "4", "--replicas", "2", "x.py")
    assert typed(*split.words).options.replicas == 2


def test_gpus_for_a_command_without_devices() -> None:
    """A command that runs on CPUs alone takes no GPUs."""
    with pytest.raises(UsageError, match=r"^--gpus-per-worker: testbed check runs on CPUs$"):
        inner("check", *SLURM, "--gpus-per-worker", "1", "x.py")


def test_without_a_folder_each_run_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no folder is given, the run's is one that is not there yet, as a whole path."""
    monkeypatch.chdir(tmp_path)
    folder = Path(inner("run", *SLURM).folder)
    assert folder.parent == tmp_path / ".testbed/runs"
    assert not folder.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "--folder", "f"), "--folder: needs --engine environment, slurm, ray, kubernetes"),
        (("run", "--export", "f"), "--export: needs --engine"),
        (("launch", "--gpus-per-worker", "1", "x"), "--gpus-per-worker: needs --engine"),
        (("check", "--partition", "p", "x"), "--partition: needs --engine"),
        (("bench", "--container", "i"), "--container: needs --engine"),
        (("run", "--address", "h"), "--address: needs --engine"),
        (("run", "--nodes", "2"), "--nodes: needs --engine"),
        (("run", "--time", "2"), "--time: needs --engine"),
        (("run", "--sbatch", "a=b"), "--sbatch: needs --engine"),
        (("run", "--account", "a"), "--account: needs --engine"),
        (("run", "--cpus-per-worker", "2"), "--cpus-per-worker: needs --engine"),
        (("run", "--claim", "c"), "--claim: needs --engine"),
        (("run", "--namespace", "n"), "--namespace: needs --engine"),
        (("run", "--tfjob"), "--tfjob: needs --engine"),
        (("run", *SLURM, "--isolation", "required"), "--isolation required: workers of several"),
        (("run", "--engine", "environment"), "--folder is missing: one that all workers share"),
        (("worker",), "--folder is missing"),
        (("run", *SLURM, "--gpus-per-worker", "0"), "--gpus-per-worker 0: at least 1"),
        (("run", *SLURM, "--cpus-per-worker", "-1"), "--cpus-per-worker -1: at least 1"),
        (("run", *SLURM, "--time", "0"), "--time 0: at least 1"),
        (("run", *SLURM, "--nodes", "0"), "--nodes 0: at least 1"),
        (("run", *SLURM, "--workers", "-2"), "--workers -2: at least 1"),
        (("worker", "--folder", "f", "--meeting-timeout", "0"), "--meeting-timeout 0: more than 0"),
        (("run", *SLURM, "--meeting-timeout", "nan"), "--meeting-timeout nan: more than 0"),
    ],
)
def test_what_does_not_go_with_the_engine(words: tuple[str, ...], told: str) -> None:
    """An option that the engine has no use for, or a number that is none, is refused by name."""
    assert refused(*words).startswith(told)


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("bench", *SLURM),
        ("run", *SLURM, *ENGINES),
        ("worker", "--folder", "f"),
        ("run", "--meeting-timeout", "5"),
    ],
)
def test_what_goes_with_the_engine(words: tuple[str, ...]) -> None:
    """What an engine takes is let through."""
    require_engine(typed(*words).options)


class Played:
    """A command that keeps what it was asked."""

    def __init__(self) -> None:
        self.run: list[tuple[str, ...]] = []
        self.asked: list[tuple[str, ...]] = []

    def main(self, options: RunOptions, role: Role) -> int:
        self.run.append(options.patterns)
        return 7

    def require_valid(self, options: RunOptions, role: Role) -> None:
        self.asked.append(options.patterns)


def test_a_command_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an engine the command itself is run, and its status is the answer."""
    monkeypatch.setattr(os, "environ", {})
    command = Played()
    assert start("run", typed("run", "x").options, command) == 7
    assert (command.run, command.asked) == ([("x",)], [])


def test_an_engine_gets_what_each_process_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that creates processes gets the words of each, and runs nothing here."""
    given = []

    def main(_options: EngineOptions, inner: InnerCommand) -> int:
        given.append(inner)
        return 3

    monkeypatch.setattr("testbed.engines.slurm.main", main)
    command = Played()
    assert start("run", typed("run", *SLURM, "--folder", "/f", "x").options, command) == 3
    words = ("run", "--engine", "environment", "--folder", "/f")
    assert given == [InnerCommand((*words, "--workers", "2", "x"), "/f", 2, 0)]
    assert (command.run, command.asked) == ([], [("x",)])
