"""Reads and validates record files from any source; an invalid file gives a one-line error."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema

from testbed.errors import UsageError
from testbed.launcher.run_folder import RunFolder
from testbed.report.records.collected import collected
from testbed.report.records.json_file import load
from testbed.report.records.record import RunRecord

_SCHEMAS = Path(__file__).parent
KINDS = ("run", "bench", "chaos")


def read_record(name: str) -> RunRecord:
    """Read the record of a run from a file or from the run's folder.

    Raises:
        UsageError: the file cannot be read, or is no run record of this version.
    """
    return run_in(read_document(name, "run"), name)


def run_in(data: dict[str, Any], name: str) -> RunRecord:
    """Decode the record of a run from a document.

    Raises:
        UsageError: the record is inconsistent.
    """
    try:
        record = RunRecord.from_json(data)
        _require_consistent(record)
    except ValueError as problem:
        raise UsageError(f"{name}: not a valid record: {problem}") from problem
    return record


def read_document(name: str, *kinds: str) -> dict[str, Any]:
    """Read the JSON of a record of one of the given kinds, and validate it with its schema.

    Raises:
        UsageError: the file cannot be read, or is no record of these kinds and this version.
    """
    path = Path(name)
    if path.is_dir():
        folder = RunFolder(path)
        path = folder.record
        if not path.exists() and folder.plan.exists():
            return collected(folder, _known(folder.plan, name, kinds), _readable, _fits)
    return _known(path, name, kinds)


def _known(path: Path, name: str, kinds: Sequence[str]) -> dict[str, Any]:
    data: Any = load(path, name)
    _require_known(data, name, kinds)
    try:
        check(data)
    except ValueError as problem:
        raise UsageError(f"{name}: not a valid record: {problem}") from problem
    return dict(data)


def _readable(path: Path) -> Any:
    """The JSON of a file; None if the file is missing or invalid."""
    with contextlib.suppress(UsageError):
        return load(path, str(path))
    return None


def _fits(data: dict[str, Any]) -> bool:
    try:
        check(data)
    except ValueError:
        return False
    return True


def _require_known(data: Any, name: str, kinds: Sequence[str]) -> None:
    """Reject data of another kind or version, before anything else is read."""
    # Records of version 1 have no kind.
    kind: Any = (
        data.get("kind", "run" if "cases" in data else None) if isinstance(data, dict) else None
    )
    if kind not in kinds:
        wanted = " or ".join(f"testbed {each} --json FILE" for each in kinds)
        found = f"the record of a {kind}" if kind in KINDS else "not a record of testbed"
        raise UsageError(f"{name}: {found}; give a file that {wanted} writes")
    (known,) = schema_of(kind)["properties"]["version"]["enum"]
    if data.get("version") != known:
        raise UsageError(
            f"{name}: version {data.get('version')!r:.20} of a {kind} record, and this"
            f" testbed reads version {known}; run it again, or read it with the testbed that wrote"
            " it"
        )


def _require_consistent(record: RunRecord) -> None:
    """Check rules that a schema cannot express: cases are unique, and each has its script."""
    scripts = {script.name for script in record.scripts}
    seen: set[str] = set()
    for verdict in record.verdicts:
        case = verdict.case
        if case.id in seen:
            raise ValueError(f"two cases are {case.id}")
        if case.script not in scripts:
            raise ValueError(f"case {case.id} names a script that the record lacks")
        seen.add(case.id)


def check(data: dict[str, Any]) -> None:
    """Validate a record with the schema of its kind.

    Raises:
        ValueError: the record is invalid; the message says where.
    """
    try:
        _validator(data.get("kind", "run"))(data)
    except fastjsonschema.JsonSchemaException as problem:
        message = " ".join(str(problem).split())
        raise ValueError(message if len(message) <= 200 else f"{message[:197]}...") from problem


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON schema of a kind of record."""
    found: dict[str, Any] = json.loads((_SCHEMAS / f"{kind}.schema.json").read_text())
    return found


@cache
def _validator(kind: str) -> Any:
    return fastjsonschema.compile(schema_of(kind), use_default=False)
