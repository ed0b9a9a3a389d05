"""Which files a program uses: how, at which line, and between which collectives."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy
import pytest
import tensorflow as tf

from testbed.check.observations.file_use import LOOK, MOVE, READ, WRITE, FileUse
from testbed.worker.watching.declared_hook import installed
from testbed.worker.watching.events import Events
from testbed.worker.watching.file_hooks import FILE_HOOKS
from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.watching.together.file_uses import FileUses
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


def uses(program: Callable[[], object], folder: Path) -> set[tuple[str, str]]:
    """Kind and path, within the folder, of each file that a program uses there."""
    found = (each for each in observed(program).files if each.path.startswith(f"{folder}/"))
    return {(each.kind, each.path[len(str(folder)) + 1 :]) for each in found}


def open_in_python(folder: Path) -> None:
    path = folder / "state.txt"
    path.write_text("1")
    path.read_text()
    with path.open("a") as more:
        more.write("2")
    os.replace(path, folder / "done.txt")  # noqa: PTH105


def save_arrays(folder: Path) -> None:
    numpy.save(folder / "a.npy", numpy.ones(2))
    numpy.load(folder / "a.npy")
    numpy.memmap(folder / "shared", "float32", "w+", shape=(4,))
    numpy.memmap(folder / "shared", "float32", "r+", shape=(4,))


def use_gfile(folder: Path) -> None:
    path = str(folder / "log")
    with tf.io.gfile.GFile(path, "w") as file:
        file.write("a")
        file.write("b")
    with tf.io.gfile.GFile(path, "a") as file:
        file.write("c")
    assert tf.io.gfile.exists(path)
    with tf.io.gfile.GFile(path) as file:
        file.read()
    tf.io.gfile.copy(path, path + "-copy")
    tf.io.gfile.rename(path, path + "-moved")


def write_checkpoint(folder: Path) -> None:
    checkpoint = tf.train.Checkpoint(weight=tf.Variable(1.0))
    checkpoint.read(checkpoint.write(str(folder / "first")))


def save_module(folder: Path) -> None:
    module = tf.Module()
    module.weight = tf.Variable(1.0)
    tf.saved_model.save(module, str(folder / "exported"))


def save_keras(folder: Path) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.save(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")
    model.load_weights(folder / "model.weights.h5")


def run_operations(folder: Path) -> None:
    tf.io.write_file(str(folder / "text"), "1")
    tf.io.read_file(str(folder / "text"))
    assert list(tf.data.Dataset.range(2).cache(str(folder / "cached")))
    assert list(tf.data.Dataset.range(2).cache())
    tf.data.Dataset.range(2).save(str(folder / "saved"))
    with tf.io.TFRecordWriter(str(folder / "records")) as writer:
        writer.write(b"1")


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (open_in_python, {(WRITE, "state.txt"), (READ, "state.txt"), (MOVE, "done.txt")}),
        (save_arrays, {(WRITE, "a.npy"), (READ, "a.npy"), (WRITE, "shared")}),
        (use_gfile, {(WRITE, "log"), (READ, "log"), (WRITE, "log-copy"), (MOVE, "log-moved")}),
        (write_checkpoint, {(WRITE, "first"), (READ, "first")}),
        (save_module, {(WRITE, "exported/variables/variables")}),
        (
            save_keras,
            {(WRITE, "model.keras"), (WRITE, "model.weights.h5"), (READ, "model.weights.h5")},
        ),
        (
            run_operations,
            {
                (READ, "text"),
                *((WRITE, each) for each in ("text", "cached", "saved/dataset_spec.pb", "records")),
            },
        ),
    ],
)
def test_ways_of_using_a_file(
    program: Callable[[Path], None], expected: set[tuple[str, str]], tmp_path: Path
) -> None:
    """Python, NumPy, gfile, checkpoints, SavedModels, Keras, HDF5, operations and records."""
    found = uses(lambda: program(tmp_path), tmp_path)
    assert expected <= found
    # TensorFlow gives a file under way a name that nobody else has.
    assert {each for each in found if each[0] == WRITE and ".tmp" not in each[1]} <= expected


def test_a_look_is_no_reading(tmp_path: Path) -> None:
    """Whether a file exists says nothing of its content."""
    path = str(tmp_path / "absent")
    assert uses(lambda: tf.io.gfile.exists(path), tmp_path) == {(LOOK, "absent")}


def share_without_harm(folder: Path) -> None:
    """What several workers may do at once."""
    with tempfile.NamedTemporaryFile(dir=folder), tempfile.TemporaryFile(dir=folder):
        pass
    (folder / "run.lock").write_text("")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "fonts").write_text("")
    with (folder / "created").open("x"):
        pass
    (folder / "touched").touch()
    with (folder / "common").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (folder / "guarded").write_text("")
        fcntl.flock(file, fcntl.LOCK_UN)
    (folder / "code.py").write_text("")


def test_what_workers_may_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary and exclusive files, locks, what a lock guards, hidden caches, and appending."""
    monkeypatch.chdir(tmp_path)
    assert uses(lambda: share_without_harm(tmp_path), tmp_path) == {(WRITE, "code.py")}


def test_what_is_not_the_programs_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices, the system's files, installed code and imports."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "imported_here.py").write_text("")

    def program() -> None:
        Path(os.devnull).write_text("")
        Path("/proc/self/stat").read_text()
        Path(numpy.__file__).read_text()
        __import__("imported_here")

    assert observed(program).files == ()
    del sys.modules["imported_here"]


def test_paths_lines_and_moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative names and symbolic links become one path; one line has one use with all moments."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)

    def save(name: str) -> None:
        Path(name).write_text("1")  # at: saved

    def program() -> None:
        save("link/state")
        save(str(tmp_path / "real/state"))

    (use,) = observed(program).files
    assert (use.kind, use.path, use.name) == (WRITE, str(tmp_path / "real/state"), "link/state")
    assert HERE.name(use.place) == "saved"
    (moment,) = use.moments
    assert (moment.collectives, moment.step) == (0, 0)
    assert 0 < moment.first < moment.last


def test_collectives_part_the_moments(mirrored: Any, tmp_path: Path) -> None:
    """Eager ones count, and calls of tf.functions that have some; other tf.functions do not."""

    def total() -> Any:
        return mirrored.reduce("SUM", mirrored.run(lambda: tf.constant(1.0)), axis=None)

    together, alone = tf.function(total), tf.function(lambda: tf.constant(1.0))

    def program() -> None:
        for call in (together, together, alone, total, alone):
            call()
            (tmp_path / "state").write_text("1")

    (use,) = (each for each in observed(program).files if each.kind == WRITE)
    assert [moment.collectives for moment in use.moments] == [1, 2, 2, 3, 3]


def test_there_is_a_limit(tmp_path: Path) -> None:
    """The first moments of a use are kept, and the last one."""
    found = FileUses(CurrentStep())
    for _ in range(300):
        found.used(WRITE, str(tmp_path / "a"))
        found.collective()
    (use,) = found.uses()
    assert [moment.collectives for moment in use.moments] == [*range(99), 299]


def test_many_files_that_are_read_hide_no_writing(tmp_path: Path) -> None:
    """Each kind has a limit of its own."""
    found = FileUses(CurrentStep())
    for number in range(2_100):
        found.used(READ, str(tmp_path / f"image-{number}"))
    found.used(WRITE, str(tmp_path / "model"))
    kinds = [use.kind for use in found.uses()]
    assert (kinds.count(READ), kinds.count(WRITE)) == (2_000, 1)


def test_what_is_no_path() -> None:
    """The number of an open file, a file of the process's memory, and nothing."""
    found = FileUses(CurrentStep())
    for path in (3, None, "", b"", "ram://a/b", "/dev/null"):
        found.used(WRITE, path)
    assert list(found.uses()) == []


def test_nothing_is_heard_after_the_block(tmp_path: Path) -> None:
    """The hook of Python's audit events cannot be removed, but it calls nobody any more."""
    heard: list[Any] = []
    events = Events()
    events.file_used.subscribe("test", lambda *use: heard.append(use))
    path = tmp_path / "a"
    with installed(FILE_HOOKS, events):
        path.write_text("1")
    assert heard == [(WRITE, str(path))]
    path.write_text("2")
    shutil.copy(path, tmp_path / "b")
    assert len(heard) == 1
    assert events.log.failures == ()


def test_a_use_is_of_one_kernel(tmp_path: Path) -> None:
    """So that times are compared with those of the same clock only."""

    def used() -> FileUse:
        (use,) = observed(lambda: (tmp_path / "a").write_text("1")).files
        return use

    assert used().host == used().host != ""
