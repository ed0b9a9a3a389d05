"""Rules about files that several workers use: written by all, or read before they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.check.finding import ERROR, WARNING, Finding
from testbed.check.known_errors.matching import known
from testbed.check.observations.file_use import READ, WRITE, FileUse
from testbed.check.observations.seen import ProgramError, SourceLine, WorkerObservations

# Errors of a file that is missing, half written, locked, or written by another one meanwhile.
_OF_FILES = re.compile(
    r"\w*(?:File|Zip|[Pp]ickl|EOF|JSON|Parser|EmptyData|Unicode|DataLoss|NotFound|AlreadyExists)\w*"
    r"|OSError|BlockingIOError|ValueError|KeyError|InvalidArgumentError|FailedPreconditionError"
)
_WRITERS = "workers_write_one_file"


@dataclass(frozen=True)
class _Used:
    """A use of a file, with the number of its worker."""

    worker: int
    use: FileUse


def written_by_all(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find files that several workers write without a collective in between."""
    found: dict[SourceLine, list[list[_Used]]] = {}
    for users in _written_together(seen):
        found.setdefault(users[0].use.place, []).append(users)
    for place, files in found.items():
        first = files[0]
        more = f" (and {len(files) - 1} more files)" if len(files) > 1 else ""
        evidence = (
            f"{_workers(first)} write {first[0].use.path}{more}, and no collective is between them"
        )
        failed = next((each for each in seen if _fails_by(each, files)), None)
        if failed and failed.raised:
            evidence += f"; worker {failed.worker} raises {_headline(failed.raised)}"
        other = next((each.use.place for each in first if each.use.place != place), None)
        yield Finding("TB801", place, evidence, other, level=ERROR if failed else "")


def explains(seen: Sequence[WorkerObservations], failed: WorkerObservations) -> bool:
    """Whether a finding about files explains why the program of a worker raised."""
    if _fails_by(failed, _written_together(seen)):
        return True
    return any(True for _ in _missed(failed, seen))


def read_too_early(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find files that a worker reads before another one has written them."""
    together = _written_together(seen)
    for each in seen:
        if each.raised and not _fails_by(each, together):
            for finding in _missed(each, seen):
                yield finding
                return
    if not any(each.raised for each in seen):
        yield from _outdated(seen)


def read_by_others(
    failed: ProgramError, own: Sequence[FileUse], alone: WorkerObservations
) -> Iterator[Finding]:
    """Find a failed reading of a file that a single worker writes before it reads it.

    Args:
        failed: the exception of a worker among several.
        own: the uses of files by that worker.
        alone: the observations of the run with a single worker, which did not fail.
    """
    written = {each.path for each in own if each.writes}
    for write in alone.files:
        if write.writes and write.path not in written and _concerns(failed, write, alone.files):
            evidence = f"{_headline(failed)}; a single worker has written {write.path} before"
            yield Finding("TB802", failed.place, evidence, write.place)
            return


def _written_together(seen: Sequence[WorkerObservations]) -> list[list[_Used]]:
    """For each file that several workers write between the same collectives, its writers."""
    writers: dict[tuple[str, str, int], dict[int, _Used]] = {}
    for each in seen:
        for use in each.files:
            if use.kind == WRITE:
                for moment in use.moments:
                    key = (use.host, use.path, moment.collectives)
                    writers.setdefault(key, {}).setdefault(each.worker, _Used(each.worker, use))
    found: dict[tuple[str, str], list[_Used]] = {}
    for (host, path, _), users in writers.items():
        if len(users) > 1:
            found.setdefault((host, path), list(users.values()))
    return list(found.values())


def _fails_by(failed: WorkerObservations, files: Sequence[Sequence[_Used]]) -> bool:
    """Whether a worker failed because several workers write these files."""
    problem = failed.raised
    if problem is None or not files:
        return False
    match = known(problem.error)
    places = {each.use.place for users in files for each in users}
    if match and match.error.slug == _WRITERS:
        # The parts of a file have its name as the beginning of their names.
        names = [name for users in files for name in (users[0].use.path, users[0].use.name)]
        named = any(name in problem.message for name in names)
        if named or problem.place in places:
            return True
    return any(_concerns(problem, users[0].use, failed.files) for users in files)


def _missed(failed: WorkerObservations, seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """The finding for an exception about a file that only another worker writes."""
    problem = failed.raised
    if problem is None or problem.place is None:
        return
    own = {each.path for each in failed.files if each.writes}
    for other in seen:
        if other is failed:
            continue
        for write in other.files:
            if write.writes and write.path not in own and _concerns(problem, write, failed.files):
                evidence = (
                    f"worker {failed.worker} needs {write.path} here, which only worker"
                    f" {other.worker} writes; it raises {_headline(problem)}"
                )
                yield Finding("TB802", problem.place, evidence, write.place)
                return
        yield from _of_another_folder(failed, other, problem)


def _of_another_folder(
    failed: WorkerObservations, other: WorkerObservations, problem: ProgramError
) -> Iterator[Finding]:
    """The finding for a line at which each worker reads another path, and one has written its own.

    So it is where each worker has made a temporary folder, and only one writes to it.
    """
    if not _OF_FILES.fullmatch(problem.type):
        return
    written = {each.path: each.place for each in other.files if each.writes}
    own = {each.path for each in failed.files if each.writes}
    theirs = [each for each in other.files if each.place == problem.place and each.path in written]
    for mine in failed.files:
        if mine.place != problem.place or mine.writes or mine.path in own:
            continue
        for use in theirs:
            if use.path != mine.path and Path(use.path).name == Path(mine.path).name:
                evidence = (
                    f"worker {failed.worker} reads {mine.path}, which no worker writes; worker"
                    f" {other.worker} reads {use.path}, which it has written"
                )
                yield Finding("TB802", problem.place, evidence, written[use.path])
                return


def _concerns(problem: ProgramError, file: FileUse, uses: Sequence[FileUse]) -> bool:
    """Whether an exception is about a file: its message names it, or its line uses it."""
    if any(_names(problem.message, name) for name in (file.path, file.name)):
        return True
    if problem.place is None or not _OF_FILES.fullmatch(problem.type):
        return False
    return any(each.path == file.path and each.place == problem.place for each in uses)


def _names(message: str, path: str) -> bool:
    """Whether a message contains a path, and not only as a part of another one."""
    return re.search(rf"(?<![\w./-]){re.escape(path)}(?![\w/-]|\.\w)", message) is not None


def _outdated(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find files that a worker read for the last time before another one wrote them."""
    for reader in seen:
        own = {each.path for each in reader.files if each.writes}
        reads = [each for each in reader.files if each.kind == READ and each.path not in own]
        for other in seen:
            if other is reader:
                continue
            for read in reads:
                write = next((each for each in other.files if _is_before(read, each, reads)), None)
                if write:
                    evidence = (
                        f"worker {reader.worker} reads {read.path} before worker {other.worker}"
                        " writes it, and no collective is between them: it reads an older file"
                    )
                    yield Finding("TB802", read.place, evidence, write.place, level=WARNING)
                    return


def _is_before(read: FileUse, write: FileUse, reads: Sequence[FileUse]) -> bool:
    """Whether the last reading of a file came before its writing, and nothing orders them."""
    if not write.writes or (write.host, write.path) != (read.host, read.path):
        return False
    last = max(
        (moment for each in reads if each.path == read.path for moment in each.moments),
        key=lambda moment: moment.last,
    )
    return last in read.moments and any(
        (moment.collectives, moment.step) == (last.collectives, last.step)
        and last.last < moment.first
        for moment in write.moments
    )


def _workers(users: Sequence[_Used]) -> str:
    numbers = [str(each.worker) for each in users]
    return f"workers {', '.join(numbers[:-1])} and {numbers[-1]}"


def _headline(problem: ProgramError) -> str:
    return problem.error.brief.partition("\n")[0]
