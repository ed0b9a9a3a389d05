"""Writes the JSON schemas of records from their dataclasses: `make schemas`.

A field's description is the docstring below it, a definition's that of its class.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
import types
from dataclasses import fields
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from testbed.bench.record import BenchRecord
from testbed.bench.slow.record import ProgramBenchRecord
from testbed.chaos.record import ChaosRecord
from testbed.decoding import AtLeast, Keys, Later, Matches, OneOf, Range
from testbed.report.atlas.atlas import Atlas
from testbed.report.records.files import KINDS, VersionedRecord
from testbed.report.records.record import RunRecord
from tests.house.sources import TESTBED

RECORDS: dict[str, type[VersionedRecord]] = {
    "run": RunRecord,
    "bench": BenchRecord,
    "program_bench": ProgramBenchRecord,
    "chaos": ChaosRecord,
    "atlas": Atlas,
}
FOLDER = TESTBED / "report/records"

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}

Schema = dict[str, Any]


def schema_of(name: str) -> Schema:
    """The JSON schema of a kind of record, in draft 4, in which 2.0 is no integer."""
    definitions: Schema = {}
    whole = _object(RECORDS[name], definitions)
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": f"Record of testbed {KINDS[name]}",
        **whole,
        "description": f"What `testbed {KINDS[name]} --json FILE` writes. The version is increased"
        " when a field changes its meaning or is removed.",
        "definitions": dict(sorted(definitions.items())),
    }


def schema_text(name: str) -> str:
    """The content of the schema's file."""
    return json.dumps(schema_of(name), indent=1) + "\n"


def _object(kind: Any, definitions: Schema) -> Schema:
    hints = get_type_hints(kind, include_extras=True)
    words = _descriptions(kind)
    kinds = {field.name: hints[field.name] for field in fields(kind)}
    return {
        "type": "object",
        "description": _prose(inspect.getdoc(kind) or ""),
        "properties": {
            name: _described(_schema(each, definitions), words[name])
            for name, each in kinds.items()
        },
        "required": [name for name, each in kinds.items() if Later() not in get_args(each)],
        "additionalProperties": False,
    }


def _descriptions(kind: type[Any]) -> dict[str, str]:
    """The docstring below each field, also of base classes."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__[:-1]):
        (made,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        assert isinstance(made, ast.ClassDef)
        for field, below in zip(made.body, made.body[1:], strict=False):
            match field, below:
                case ast.AnnAssign(ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                    found[name] = _prose(text)
    return found


def _prose(text: str) -> str:
    """A docstring as one line, with the words of JSON."""
    return re.sub(r"\bNone\b", "null", " ".join(text.split()).replace("`", ""))


def _described(schema: Schema, description: str) -> Schema:
    # Draft 4 ignores what stands beside a reference.
    inner = {"allOf": [schema]} if "$ref" in schema else schema
    return {**inner, "description": description}


def _schema(kind: Any, definitions: Schema) -> Schema:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _constrained(parts[0], parts[1:], definitions)
    if origin is Literal:
        return {**_schema(type(parts[0]), definitions), "enum": list(parts)}
    if origin in (Union, types.UnionType):
        return _union([_schema(each, definitions) for each in parts])
    if origin in (tuple, list):
        return _array(parts, definitions)
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(parts[1], definitions)}
    if kind is Any:
        return {}
    if kind in _TYPES:
        return {"type": _TYPES[kind]}
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _object(kind, definitions)
    return {"$ref": f"#/definitions/{name}"}


def _constrained(kind: Any, conditions: tuple[Any, ...], definitions: Schema) -> Schema:
    made: Schema = {}
    for each in conditions:
        match each:
            case Range(least, greatest):
                made |= {"minimum": least, "maximum": greatest}
            case OneOf(values):
                made["enum"] = list(values)
            case Matches(pattern):
                made["pattern"] = pattern
            case AtLeast(items):
                made["minItems"] = items
            case Keys(keys):
                described = {
                    key.name: _described(_schema(key.kind, definitions), _prose(key.description))
                    for key in keys
                }
                return {"type": "object", "properties": described, "additionalProperties": False}
    return {**_schema(kind, definitions), **made}


def _union(schemas: list[Schema]) -> Schema:
    if any(each.keys() & {"enum", "$ref", "anyOf"} for each in schemas):
        return {"anyOf": schemas}
    merged: Schema = {}
    for each in schemas:
        merged |= each
    return {**merged, "type": [each["type"] for each in schemas]}


def _array(parts: tuple[Any, ...], definitions: Schema) -> Schema:
    if len(parts) == 1 or parts[-1] is Ellipsis:
        items = _schema(parts[0], definitions)
        return {"type": "array", **({"items": items} if items else {})}
    return {
        "type": "array",
        "items": [_schema(each, definitions) for each in parts],
        "minItems": len(parts),
        "maxItems": len(parts),
    }


if __name__ == "__main__":
    for kind in RECORDS:
        (FOLDER / f"{kind}.schema.json").write_text(schema_text(kind), encoding="utf-8")
