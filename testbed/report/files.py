"""Reads records from files, which may come from anywhere: whole and valid, or one clear line."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema

from testbed.errors import UsageError
from testbed.launch.run_folder import RunFolder
from testbed.report.record import RunRecord

# The whole catalogue takes about 10 MB; a reader should not be talked into reading a disk.
LARGEST_BYTES = 200_000_000

_SCHEMAS = Path(__file__).parent
_KINDS = ("run",)


def read_record(name: str) -> RunRecord:
    """The record in a file, or in the folder of a run.

    Raises:
        UsageError: it cannot be read, or is not a record of this version.
    """
    path = Path(name)
    if path.is_dir():
        path = RunFolder(path).record
    data = _load(path, name)
    if not isinstance(data, dict) or data.get("kind") not in _KINDS:
        raise UsageError(f"{name}: not a record of testbed; testbed run --json FILE writes one")
    schema = schema_of(data["kind"])
    known = schema["properties"]["version"]["const"]
    if data.get("version") != known:
        raise UsageError(
            f"{name}: version {data.get('version')!r:.20} of a {data['kind']} record, and this"
            f" testbed reads version {known}; run it again, or read it with the testbed of then"
        )
    try:
        check(data)
    except ValueError as problem:
        raise UsageError(f"{name}: not a valid record: {problem}") from problem
    return RunRecord.from_json(data)


def check(data: dict[str, Any]) -> None:
    """Hold a record against the schema of its kind.

    Raises:
        ValueError: what is wrong, and where in it.
    """
    try:
        _validator(data["kind"])(data)
    except fastjsonschema.JsonSchemaException as problem:
        message = " ".join(problem.message.split())
        raise ValueError(message if len(message) <= 200 else f"{message[:197]}...") from problem


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON schema of a kind of record."""
    found: dict[str, Any] = json.loads((_SCHEMAS / f"{kind}.schema.json").read_text())
    return found


@cache
def _validator(kind: str) -> Any:
    return fastjsonschema.compile(schema_of(kind), use_default=False)


def _load(path: Path, name: str) -> Any:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{name}: larger than {LARGEST_BYTES // 10**6} MB; not a record")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise UsageError(f"{name}: {problem.strerror}") from problem
    except RecursionError as problem:
        raise UsageError(f"{name}: nested too deeply; not a record") from problem
    except ValueError as problem:
        raise UsageError(f"{name}: not whole JSON: {problem}; is the file cut off?") from problem
