"""Hooks are installed where they see what they declare, and reported where they do not."""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tensorflow as tf

from testbed.check.formats import as_json
from testbed.check.here import watch
from testbed.check.observations.blind_spot import BlindSpot
from testbed.check.result import CheckResult
from testbed.worker import runtime_start
from testbed.worker.user_code import copied_batches, seeds
from testbed.worker.watching import hooks, stack
from testbed.worker.watching.declared_hook import DeclaredHook, Proof, installed
from testbed.worker.watching.events import Events
from testbed.worker.watching.hooks import HOOKS, watching
from testbed.worker.watching.library_names import (
    FRAME_FILTER,
    FRAME_FILTERS,
    GRAPHS_COLLECTED,
    GRAPHS_IGNORED,
    GRAPHS_OF_RUN,
    LIBRARY_NAMES,
    LOCAL_DEVICES,
    OF_TIMING,
    OPERATION_SEED,
    RUNTIME,
    UNCONVERTED,
    LibraryName,
)
from testbed.worker.watching.replacing import Hook, before

PAGE = Path(__file__).resolve().parents[2] / "docs/guides/versions.md"
HERE = "tests.watching.test_declared_hook"
NOW = f"TensorFlow {tf.__version__}"


class Saver:
    """Plays a library's class."""

    def save(self, prefix: str, options: Any = None) -> str:
        return self._write(prefix)

    def _write(self, prefix: str) -> str:
        return f"saved {prefix}"


def _saves(events: Events) -> Hook:
    return before(events, Saver, "save", lambda _, prefix: events.file_used("write", prefix))


@contextlib.contextmanager
def _nothing(_: Events) -> Iterator[None]:
    yield


def _blind(*declared: DeclaredHook) -> tuple[BlindSpot, ...]:
    events = Events()
    with installed(declared, events):
        pass
    return events.log.blind_spots


def _of(name: LibraryName) -> tuple[BlindSpot, ...]:
    return _blind(DeclaredHook("checkpoints", _saves, (name,)))


def test_all_hooks_see_what_they_declare() -> None:
    """On the installed versions; the matrix of versions runs this on each of them."""
    events = Events()
    with watching(events):
        pass
    assert events.log.blind_spots == ()


GONE = LibraryName((f"{HERE}:gone",))
NO_EVENTS = {
    LOCAL_DEVICES: "without it, several CPU replicas per worker are refused with a message",
    FRAME_FILTERS: "without it, messages of TensorFlow have frames of the testbed",
    FRAME_FILTER: "without it, messages of TensorFlow have frames of the testbed",
    GRAPHS_COLLECTED: "only for measurements, which it ends with a message",
    GRAPHS_OF_RUN: "only for measurements, which it ends with a message",
    GRAPHS_IGNORED: "only for measurements, which it ends with a message",
    RUNTIME: "without it, the memory of GPUs is not recorded",
    UNCONVERTED: "without it, the public way is slower",
    **dict.fromkeys(OF_TIMING, "without it, steps of programs are not timed, with a message"),
}
"""Private names that no hook needs, and what happens without them."""


def test_every_private_name_belongs_to_a_hook() -> None:
    """A name that is missing is reported; the others change nothing that is reported."""
    needed = {name for hook in HOOKS for name in hook.names}
    assert set(LIBRARY_NAMES) - needed == set(NO_EVENTS)
    assert needed <= set(LIBRARY_NAMES)


@pytest.mark.parametrize("name", NO_EVENTS, ids=lambda name: name.places[0].rpartition(":")[2])
def test_a_name_without_events_exists(name: LibraryName) -> None:
    """On the installed versions, which the hooks do not prove."""
    assert name.exists


def test_the_start_of_the_runtime_without_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then a worker is bound at the end of the block, and no line is known that started it."""
    monkeypatch.setattr(runtime_start, "RUNTIME_START", GONE)
    called: list[str] = []
    with (
        runtime_start.calling_when_bound(lambda: called.append("bound")),
        runtime_start.calling_when_started(lambda: called.append("started")),
    ):
        tf.constant(1.0)
        assert called == []
    assert called == ["bound"]


def test_seeds_without_their_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then TensorFlow draws as it does."""
    monkeypatch.setattr(seeds, "OPERATION_SEED", GONE)
    with seeds.reseeded(7):
        assert OPERATION_SEED.find()(None) == (None, None)


def test_the_batch_size_without_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the dataset of a program without replicas stays as it is."""
    monkeypatch.setattr(copied_batches, "BATCH_SIZE", GONE)
    dataset = tf.data.Dataset.range(4).batch(4)
    with copied_batches.copied_batches():
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        (first, *_) = strategy.experimental_distribute_dataset(dataset)
    of_replicas = strategy.experimental_local_results(first)
    assert [each.numpy().tolist() for each in of_replicas] == [[0, 1], [2, 3]]


def test_a_function_stays_unconverted_without_the_private_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then the public way serves."""
    monkeypatch.setattr(stack, "UNCONVERTED", GONE)
    assert stack.unconverted(sum)([1, 2]) == 3


def test_the_page_of_versions_lists_what_is_watched_where() -> None:
    """Every kind of event with the library that it needs."""
    section = PAGE.read_text(encoding="utf-8").partition("## What is not watched where")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    assert rows[0] == ("watched", "with")
    assert rows[1:] == [(hook.sees, _library_of(hook)) for hook in HOOKS]


def _library_of(hook: DeclaredHook) -> str:
    since = f" from version {hook.since} on" if hook.since else ""
    return f"{hook.library or 'TensorFlow'}{since}"


def test_a_name_that_is_missing() -> None:
    """Nothing is hooked, and the report names what is not seen, the version and the name."""
    name = LibraryName((f"{HERE}:Saver.store",), parameters=("prefix",))
    (spot,) = _of(name)
    assert spot.sentence == (
        f"checkpoints are not watched on {NOW}: {HERE}:Saver.store does not exist"
    )


def test_a_name_that_has_moved() -> None:
    """The place of any version is found."""
    name = LibraryName((f"{HERE}.saver:Saver.save", f"{HERE}:Saver.save"), parameters=("prefix",))
    assert _of(name) == ()
    assert name.owner() == (Saver, "save")


def test_a_changed_signature() -> None:
    """A hook that takes arguments by their positions does not take others for them."""
    name = LibraryName((f"{HERE}:Saver.save",), parameters=("session", "prefix"))
    assert [each.reason for each in _of(name)] == [f"{HERE}:Saver.save has other parameters"]


@pytest.mark.parametrize(
    ("caller", "reason"),
    [
        (f"{HERE}:Saver.save", ""),
        (f"{HERE}:_nothing", f"{HERE}:_nothing does not call _write"),
        (f"{HERE}:Saver.keep", f"{HERE}:Saver.keep, which calls _write, does not exist"),
    ],
)
def test_a_name_that_the_library_does_not_call(caller: str, reason: str) -> None:
    """Its replacement would see nothing."""
    name = LibraryName((f"{HERE}:Saver._write",), caller=caller)
    assert [each.reason for each in _of(name)] == ([reason] if reason else [])


def test_a_hook_that_sees_nothing() -> None:
    """A small program shows it before the user's program runs, to other events than its own."""
    proof = Proof("file_used", lambda: Saver().save("a"))
    declared = [DeclaredHook("checkpoints", each, proof=proof) for each in (_nothing, _saves)]
    events, heard = Events(), list[object]()
    events.file_used.subscribe("test", lambda *use: heard.append(use))
    with installed(declared, events):
        Saver().save("b")
    assert [each.reason for each in events.log.blind_spots] == ["its hook sees nothing"]
    assert heard == [("write", "b")]


def test_a_proof_that_raises_is_a_blind_spot() -> None:
    """Private code may change in any way; the check goes on without the hook."""

    def fails() -> None:
        raise TypeError("no such argument")

    (spot,) = _blind(DeclaredHook("checkpoints", _nothing, proof=Proof("file_used", fails)))
    assert spot.reason == "no such argument"


def _late_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> DeclaredHook:
    """A hook into a package that no process has imported."""
    package = folder / "late_library"
    package.mkdir()
    (package / "__init__.py").write_text("from late_library import saver\n__version__ = '3.1'\n")
    (package / "saver.py").write_text("class Saver:\n    def save(self, path): return path\n")
    monkeypatch.syspath_prepend(str(folder))
    for module in ("late_library", "late_library.saver"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    name = LibraryName(("late_library.saver:Saver.save",), parameters=("path",))

    def install(events: Events) -> Hook:
        def saved(_: object, path: str) -> None:
            events.file_used("write", path)

        return before(events, *name.owner(), saved)

    return DeclaredHook("pickles", install, (name,), library="late_library")


def test_a_library_that_comes_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hooks are installed when the program imports it, and taken back at the end."""
    hook = _late_library(tmp_path, monkeypatch)
    events, heard = Events(), list[object]()
    events.file_used.subscribe("test", lambda *use: heard.append(use))
    with installed([hook], events):
        saver = importlib.import_module("late_library").saver.Saver()
        assert saver.save("a") == "a"
    saver.save("b")
    assert heard == [("write", "a")]
    assert events.log.blind_spots == ()


def test_a_library_that_comes_later_and_has_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing in it is a blind spot, and the import goes on."""
    hook = _late_library(tmp_path, monkeypatch)
    (tmp_path / "late_library/saver.py").write_text("class Writer: pass\n")
    events = Events()
    with installed([hook], events):
        assert importlib.import_module("late_library").saver.Writer
    (spot,) = events.log.blind_spots
    assert spot.reason == "late_library.saver:Saver.save does not exist"


def test_a_library_that_comes_in_an_unknown_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hooks cannot be installed: this counts only if the program does import it."""
    events, spots = Events(), list[tuple[BlindSpot, ...]]()
    monkeypatch.delitem(sys.modules, "late_library", raising=False)
    with installed([DeclaredHook("pickles", _nothing, library="late_library")], events):
        spots.append(events.log.blind_spots)
        monkeypatch.setitem(sys.modules, "late_library", ModuleType("late_library"))
        spots.append(events.log.blind_spots)
    assert spots[0] == ()
    (spot,) = spots[1]
    assert spot.sentence == (
        "pickles are not watched on late_library: the program imported it in an unknown way"
    )


def test_an_older_library_with_nothing_to_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the hook is not needed, and nothing is missed."""
    module = ModuleType("library")
    module.__version__ = "2.15.0"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "library", module)
    name = LibraryName(("library.saver:Saver.save",))
    older = DeclaredHook("pickles", _nothing, (name,), library="library", since=3)
    assert _blind(older) == ()
    module.__version__ = "3.1.0"  # type: ignore[attr-defined]
    (spot,) = _blind(older)
    assert spot.library == "library 3.1.0"


def test_the_report_of_a_check_says_what_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its text and in JSON, and the program is watched without that hook."""
    name = LibraryName(("tensorflow.python.checkpoint.savers:Saver.save",))
    gone = DeclaredHook("checkpoints", _nothing, (name,))
    others = [each for each in HOOKS if each.sees != "checkpoints"]
    monkeypatch.setattr(hooks, "HOOKS", [*others, gone])
    with watch() as watched:
        tf.Variable(1.0)
    words = f"checkpoints are not watched on {NOW}: {name.places[0]} does not exist"
    assert str(watched).splitlines()[0] == words
    assert "1 kind of events not watched" in str(watched)
    assert json.loads(as_json(CheckResult([], blind=watched.blind)))["blind"] == [words]
