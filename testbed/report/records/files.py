"""Reads records from files of any source; an invalid file gives a one-line error."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, cast

from testbed.decoding import decoded
from testbed.errors import UsageError
from testbed.launcher.run_folder import RunFolder
from testbed.report.records.collected import collected
from testbed.report.records.json_file import load
from testbed.report.records.record import RunRecord


class VersionedRecord(Protocol):
    """A dataclass with a kind and a version, whose JSON is a file."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def kind(self) -> str:
        """What it is, in one word."""

    @property
    def version(self) -> int:
        """The version of its format."""

    def require_consistent(self) -> None:
        """Raise ValueError where its fields contradict each other."""


AnyRecord = TypeVar("AnyRecord", bound=VersionedRecord)

KINDS = {
    "run": "run",
    "bench": "bench",
    "program_bench": "bench PROGRAM",
    "chaos": "chaos",
    "atlas": "report A B C",
}
"""The kinds of records, and what `testbed ... --json FILE` writes each."""


def read_record(name: str, *kinds: type[AnyRecord]) -> AnyRecord:
    """Read a record of one of the given kinds from a file or from the folder of its run.

    Raises:
        UsageError: the file cannot be read, or is no record of these kinds and this version.
    """
    path = Path(name)
    if not path.is_dir():
        return _decoded(load(path, name), name, kinds)
    folder = RunFolder(path)
    if folder.record.exists() or not folder.plan.exists():
        return _decoded(load(folder.record, name), name, kinds)
    record = _decoded(load(folder.plan, name), name, kinds)
    return cast(AnyRecord, collected(folder, record)) if isinstance(record, RunRecord) else record


def _decoded(data: Any, name: str, kinds: tuple[type[AnyRecord], ...]) -> AnyRecord:
    kind = _kind_of(data, name, kinds)
    try:
        record = decoded(kind, data)
        record.require_consistent()
    except ValueError as problem:
        raise UsageError(f"{name}: not a valid record: {problem}") from problem
    return record


def _kind_of(data: Any, name: str, kinds: tuple[type[AnyRecord], ...]) -> type[AnyRecord]:
    """Reject data of another kind or version, before anything else is decoded."""
    # Records of version 1 have no kind.
    found: Any = (
        data.get("kind", "run" if "cases" in data else None) if isinstance(data, dict) else None
    )
    kind = next((each for each in kinds if _default(each, "kind") == found), None)
    if kind is None:
        names = [_default(each, "kind") for each in kinds]
        wanted = " or ".join(f"testbed {KINDS[each]} --json FILE" for each in names)
        what = "not a record of testbed"
        if isinstance(found, str) and found in KINDS:
            what = f"the record of {'an' if found == 'atlas' else 'a'} {found}"
        raise UsageError(f"{name}: {what}; give a file that {wanted} writes")
    known = _default(kind, "version")
    if data.get("version") != known:
        raise UsageError(
            f"{name}: version {data.get('version')!r:.20} of a {found} record, and this"
            f" testbed reads version {known}; run it again, or read it with the testbed"
            " that wrote it"
        )
    return kind


def _default(kind: type[VersionedRecord], name: str) -> Any:
    return next(field.default for field in fields(kind) if field.name == name)
