"""Reads records from files, which may come from anywhere: whole and valid, or one clear line."""

from __future__ import annotations

import contextlib
import json
import math
import stat
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import fastjsonschema

from testbed.errors import UsageError
from testbed.launcher.run_folder import RunFolder
from testbed.report.collected import collected
from testbed.report.record import RunRecord

# The whole catalogue takes about 10 MB, and what is hostile may take 30 times its size in memory.
LARGEST_BYTES = 50_000_000

# A case's report is 9 deep, and what a script claims is seldom a list of lists of lists.
DEEPEST = 40

_SCHEMAS = Path(__file__).parent
KINDS = ("run", "bench", "chaos")


def read_record(name: str) -> RunRecord:
    """The record of a run in a file, or in the run's folder.

    Raises:
        UsageError: it cannot be read, or is not a record of a run of this version.
    """
    return run_in(read_document(name, "run"), name)


def run_in(data: dict[str, Any], name: str) -> RunRecord:
    """The record of a run that a document holds.

    Raises:
        UsageError: it contradicts itself.
    """
    try:
        record = RunRecord.from_json(data)
        _require_consistent(record)
    except ValueError as problem:
        raise UsageError(f"{name}: not a valid record: {problem}") from problem
    return record


def read_document(name: str, *kinds: str) -> dict[str, Any]:
    """The JSON of a record of one of the kinds `run` and `bench`, held against its schema.

    Raises:
        UsageError: it cannot be read, or is not a record of such a kind and of this version.
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
    """The JSON of a file; None where there is none that can be shown."""
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
    """Of what kind and version the data says that it is, before anything else of it is read."""
    # The first version did not say its kind.
    kind: Any = (
        data.get("kind", "run" if "cases" in data else None) if isinstance(data, dict) else None
    )
    if kind not in kinds:
        wanted = " or ".join(f"testbed {each} --json FILE" for each in kinds)
        found = f"the record of a {kind}" if kind in KINDS else "not a record of testbed"
        raise UsageError(f"{name}: {found}; what is read here is what {wanted} writes")
    known = schema_of(kind)["properties"]["version"]["const"]
    if data.get("version") != known:
        raise UsageError(
            f"{name}: version {data.get('version')!r:.20} of a {kind} record, and this"
            f" testbed reads version {known}; run it again, or read it with the testbed of then"
        )


def _require_consistent(record: RunRecord) -> None:
    """What a schema cannot say: every case is there once, and so is the script that it is of."""
    scripts = {script.name for script in record.scripts}
    seen: set[str] = set()
    for verdict in record.verdicts:
        case = verdict.case
        if case.id in seen:
            raise ValueError(f"two cases are {case.id}")
        if case.script not in scripts:
            raise ValueError(f"case {case.id} is of a script that is not in it")
        seen.add(case.id)


def check(data: dict[str, Any]) -> None:
    """Hold a record against the schema of its kind.

    Raises:
        ValueError: what is wrong, and where in it.
    """
    try:
        _validator(data["kind"])(data)
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


def load(path: Path, name: str) -> Any:
    """The JSON of a file that may come from anywhere, as people name it.

    Raises:
        UsageError: it is not there, too large, or no JSON that can be shown.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            # A pipe may have no writer, and a device no end.
            raise UsageError(f"{name}: not a file; save the record to one first")
        if found.st_size > LARGEST_BYTES:
            raise UsageError(f"{name}: larger than {LARGEST_BYTES // 10**6} MB; not a record")
        text = path.read_text(encoding="utf-8")
        data = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        _require_printable(text, data)
        _require_shallow(data)
        return data
    except OSError as problem:
        raise UsageError(f"{name}: {problem.strerror}") from problem
    except RecursionError as problem:
        raise UsageError(f"{name}: nested too deeply; not a record") from problem
    except ValueError as problem:
        raise UsageError(f"{name}: not whole JSON: {problem}; is the file cut off?") from problem


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


def _require_printable(text: str, data: Any) -> None:
    """Refuse half of a surrogate pair, which can stand in JSON and cannot be printed."""
    if "\\ud" in text.lower():
        json.dumps(data, ensure_ascii=False).encode()


def _require_shallow(data: Any) -> None:
    """Refuse what would exhaust the stack of whoever walks through it later."""
    level = [data]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return
    raise RecursionError


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()
