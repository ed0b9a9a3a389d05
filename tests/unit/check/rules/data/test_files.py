"""Files that several workers write, or that one reads before another has written them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.finding import ERROR, WARNING
from testbed.check.judge import judge
from testbed.check.observations.file_use import LOOK, MOVE, READ, WRITE, FileMoment, FileUse
from testbed.check.observations.seen import ProgramError, WorkerObservations
from testbed.check.rules.data.files import read_by_others, read_too_early, written_by_all
from testbed.verdict.raised_error import StackFrame
from tests.unit.check.builders import at, told

MODEL = "/data/model/weights.npy"


def use(
    kind: str, line: int, *moments: tuple[int, float], path: str = MODEL, **more: Any
) -> FileUse:
    """A use of a file; each moment is after how many collectives, and when."""
    times = tuple(FileMoment(after, after, time, time) for after, time in moments or [(0, 1.0)])
    name = more.pop("name", path)
    return FileUse(kind, path, name, at(line), more.pop("host", "here"), times)


def worker(number: int, *files: FileUse, raised: ProgramError | None = None) -> WorkerObservations:
    return WorkerObservations(worker=number, files=files, raised=raised)


def missing(line: int, message: str = "", kind: str = "FileNotFoundError") -> ProgramError:
    return ProgramError(kind, message or f"No such file: '{MODEL}'", at(line))


def test_workers_that_write_one_file() -> None:
    """A warning, as nothing has failed, with the workers and the path; once for a line."""
    seen = [worker(each, use(WRITE, 7), use(WRITE, 7, path="/data/b")) for each in range(3)]
    (finding,) = written_by_all(seen)
    evidence = (
        f"workers 0, 1 and 2 write {MODEL} (and 1 more files), and no collective is between them"
    )
    assert told([finding]) == [("TB801", 7, evidence)]
    assert finding.about.level == WARNING


def test_another_line_of_the_other_worker() -> None:
    """The line of the first worker is the place, and the other's is shown as well."""
    (finding,) = written_by_all([worker(0, use(WRITE, 7)), worker(1, use(WRITE, 9))])
    assert (finding.place, finding.use) == (at(7), at(9))


@pytest.mark.parametrize(
    "other",
    [
        use(WRITE, 7, path="/data/other"),
        use(WRITE, 7, (1, 1.0)),
        use(WRITE, 7, host="elsewhere"),
        use(MOVE, 7),
        use(READ, 7),
    ],
)
def test_what_is_not_written_together(other: FileUse) -> None:
    """Another file, after a collective, on another host, a complete file, or only read."""
    assert list(written_by_all([worker(0, use(WRITE, 7)), worker(1, other)])) == []
    assert list(written_by_all([worker(0, use(WRITE, 7), other)])) == []


def test_the_program_fails_by_it() -> None:
    """Then it is an error, the exception stands in the evidence, and has no finding of its own."""
    half = ProgramError("EOFError", "No data left in file", at(9))
    seen = [
        worker(0, use(WRITE, 7), use(READ, 9)),
        worker(1, use(WRITE, 7), use(READ, 9), raised=half),
    ]
    (finding,) = judge(seen)
    assert (finding.code, finding.about.level) == ("TB801", ERROR)
    assert finding.evidence.endswith("; worker 1 raises EOFError: No data left in file")


def test_a_known_error_of_the_line_that_writes() -> None:
    """Its message names no file; on any other line it is not explained."""
    locked = ProgramError(
        "BlockingIOError",
        "unable to lock file",
        at(7),
        frames=(StackFrame("h5py/a.py", 1, "open"),),
    )
    for line, level in ((7, ERROR), (8, WARNING)):
        raised = replace(locked, place=at(line))
        found = written_by_all([worker(0, use(WRITE, 7)), worker(1, use(WRITE, 7), raised=raised)])
        assert [each.about.level for each in found] == [level]


def test_another_exception_explains_nothing() -> None:
    """It keeps its own finding, and the files are a warning."""
    other = ProgramError("RuntimeError", "merge_call called while defining a new graph", at(20))
    seen = [worker(each, use(WRITE, 7), raised=other) for each in range(2)]
    levels = {each.code: each.about.level for each in judge(seen)}
    assert levels == {"TB801": WARNING, "TB501": ERROR}


@pytest.mark.parametrize(
    "raised",
    [
        missing(9),
        missing(9, "model/weights.npy; No such file or directory", "NotFoundError"),
        missing(9, "File not found: filepath=model/weights.npy. Please", "ValueError"),
    ],
)
def test_a_worker_needs_what_only_another_one_writes(raised: ProgramError) -> None:
    """The message names the path as the program gives it, or the whole one."""
    write = use(WRITE, 7, (0, 5.0), name="model/weights.npy")
    found = list(read_too_early([worker(0, write), worker(1, raised=raised)]))
    assert [(each.code, each.place, each.use) for each in found] == [("TB802", at(9), at(7))]
    assert found[0].evidence.startswith(f"worker 1 needs {MODEL} here, which only worker 0 writes")
    assert found[0].about.level == ERROR
    (alone,) = read_by_others(raised, (), worker(0, write))
    assert (alone.code, alone.place, alone.use) == ("TB802", at(9), at(7))


def test_the_line_that_fails_looks_at_the_file() -> None:
    """The message may not name it: half a file, or a folder whose parts are looked at."""
    half = ProgramError("UnpicklingError", "pickle data was truncated", at(9))
    seen = [worker(0, use(MOVE, 7)), worker(1, use(LOOK, 9), raised=half)]
    assert [each.code for each in read_too_early(seen)] == ["TB802"]
    assert list(read_too_early([worker(0, use(MOVE, 7)), worker(1, raised=half)])) == []


@pytest.mark.parametrize(
    ("own", "raised"),
    [
        ((use(WRITE, 8),), missing(9)),
        ((), missing(9, f"No such file: '{MODEL}.old'")),
        ((), missing(9, f"No such file: '/mnt{MODEL}'")),
        ((use(READ, 9),), missing(9, "unknown", "ZeroDivisionError")),
    ],
)
def test_an_exception_for_another_reason(own: tuple[FileUse, ...], raised: ProgramError) -> None:
    """The worker writes the file itself, another path is named, or it is no error of a file."""
    seen = [worker(0, use(WRITE, 7)), worker(1, *own, raised=raised)]
    assert list(read_too_early(seen)) == []
    assert list(read_by_others(raised, own, worker(0, use(WRITE, 7)))) == []


def test_each_worker_has_a_temporary_folder_of_its_own() -> None:
    """One writes and reads in its folder, and the other reads in another one."""
    chief = worker(0, use(WRITE, 7, path="/tmp/a/x.npy"), use(READ, 9, path="/tmp/a/x.npy"))
    raised = missing(9, "No such file: '/tmp/b/x.npy'")
    for path, number in (("/tmp/b/x.npy", 1), ("/tmp/b/y.npy", 0)):
        seen = [chief, worker(1, use(READ, 9, path=path), raised=raised)]
        found = list(read_too_early(seen))
        assert len(found) == number
    assert (
        "which no worker writes"
        in next(
            read_too_early([chief, worker(1, use(READ, 9, path="/tmp/b/x.npy"), raised=raised)])
        ).evidence
    )


def test_an_older_file_is_read() -> None:
    """A warning: the reading came before the writing, and no collective is between them."""
    seen = [worker(0, use(WRITE, 7, (2, 5.0))), worker(1, use(READ, 9, (2, 4.0)))]
    (finding,) = read_too_early(seen)
    assert (finding.place, finding.use, finding.about.level) == (at(9), at(7), WARNING)


@pytest.mark.parametrize(
    "reads",
    [
        (use(READ, 9, (2, 6.0)),),
        (use(READ, 9, (1, 4.0)),),
        (use(READ, 9, (2, 4.0), (2, 6.0)),),
        (use(READ, 9, (2, 4.0)), use(READ, 12, (3, 8.0))),
        (use(READ, 9, (2, 4.0), host="elsewhere"),),
        (use(READ, 9, (2, 4.0)), use(WRITE, 10, (9, 9.0))),
        (use(LOOK, 9, (2, 4.0)),),
    ],
)
def test_what_is_no_older_file(reads: tuple[FileUse, ...]) -> None:
    """Read later, in another order, again, on another host, written as well, or not read."""
    assert list(read_too_early([worker(0, use(WRITE, 7, (2, 5.0))), worker(1, *reads)])) == []
