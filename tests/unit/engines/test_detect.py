"""Which engines are found here, and what is suggested where this host has too few devices."""

from __future__ import annotations

import importlib.util
import shlex
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from testbed.cli.declarations.engine import ENGINES
from testbed.cli.main import main
from testbed.cli.parser import parse
from testbed.engines.command import inner_of, require_engine
from testbed.engines.detect import elsewhere, found
from testbed.errors import TooFewDevicesError

TOO_FEW = TooFewDevicesError("needs 8 GPUs, found 0", workers=2, replicas_per_worker=4)


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with commands, without packages of engines."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    found = importlib.util.find_spec
    packages = {engine.package for engine in ENGINES.values()}
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name in packages else found(name)
    )
    return folder


def put(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_nothing_is_found(commands: Path) -> None:
    """Where no engine is, that is said, and what was looked for."""
    assert found() == []
    told = elsewhere(TOO_FEW, "run", [])
    assert told == "no engine for more hosts is found here (sbatch, ray or kubectl)"


def test_engines_are_known_by_their_commands(
    commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slurm and Kubernetes are there with their commands, and Ray with its package."""
    put(commands, "kubectl")
    assert found() == ["kubernetes"]
    put(commands, "sbatch")
    assert found() == ["slurm", "kubernetes"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: ModuleSpec(name, None))
    assert found() == ["slurm", "ray", "kubernetes"]


@pytest.mark.parametrize("engine", ["sbatch", "kubectl"])
def test_what_is_suggested_can_be_typed(commands: Path, engine: str) -> None:
    """The suggested command is one that is understood, and asks for what was missing."""
    put(commands, engine)
    told = elsewhere(TOO_FEW, "run", ["--mode", "eager", "a b*"])
    about, _, command = told.partition(": ")
    assert about.startswith("on more hosts (")
    program, *words = shlex.split(command)
    assert program == "testbed"
    options = parse(words).options
    require_engine(options)
    assert (options.workers, options.engine.gpus_per_worker) == (2, 4)
    assert (options.mode, options.patterns) == (("eager",), ("a b*",))
    assert inner_of("run", options).gpus_per_worker == 4


def test_it_is_suggested_where_devices_are_missing(
    commands: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that finds too few GPUs ends with the command that would find them."""
    put(commands, "sbatch")

    def too_few(options: object, role: object) -> int:
        raise TOO_FEW

    monkeypatch.setattr("testbed.cli.commands.launch.main", too_few)
    words = ["--workers", "2", "--replicas", "4", "--device", "gpu", "train.py", "--workers", "1"]
    assert main(["launch", *words]) == 2
    assert capsys.readouterr().err == (
        "testbed: needs 8 GPUs, found 0; on more hosts (slurm found here): testbed launch"
        " --engine slurm --workers 2 --gpus-per-worker 4 train.py --workers 1\n"
    )
