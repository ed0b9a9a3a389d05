"""The reference of the record files, from their JSON schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs._generate.markdown import ROOT, Page, link_to, page, section, table

FOLDER = ROOT / "testbed/report/records"
PATH = "reference/records.md"
REFERENCE = "#/definitions/"

Schema = dict[str, Any]


def pages() -> list[Page]:
    """The page of all records."""
    schemas = sorted(FOLDER.glob("*.schema.json"))
    return [
        page(
            PATH,
            "testbed/report/records",
            "# Records",
            "A record is a JSON file. Every field of it is checked before anything of it is"
            " shown. `[]` stands for each entry of a list, `{}` for each key of an object.",
            *map(_record, schemas),
        )
    ]


def _record(path: Path) -> str:
    schema: Schema = json.loads(path.read_text(encoding="utf-8"))
    tables = [
        section(f"`{name}`", _table(part), level=3)
        for name, part in schema.get("definitions", {}).items()
    ]
    return section(
        schema["title"],
        schema.get("description", ""),
        f"The schema is {link_to(path, PATH, path.name)}.",
        _table(schema),
        *tables,
    )


def _table(schema: Schema) -> str:
    return table(("field", "type", "meaning"), fields_of(schema))


def fields_of(schema: Schema, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, type and meaning of each field."""
    for name, field in schema.get("properties", {}).items():
        yield f"`{prefix}{name}`", _type(field), _meaning(field)
        yield from _within(field, f"{prefix}{name}")


def _within(field: Schema, path: str) -> Iterator[tuple[str, str, str]]:
    """The fields of an object, of the entries of a list, and of the values of an object."""
    yield from fields_of(field, f"{path}.")
    inner = field.get("items")
    if isinstance(inner, dict):
        yield from _within(inner, f"{path}[]")
    values = field.get("additionalProperties")
    if isinstance(values, dict):
        yield from _within(values, f"{path}{{}}")


def _type(field: Schema) -> str:
    if reference := field.get("$ref"):
        return f"`{str(reference).removeprefix(REFERENCE)}`"
    if choices := field.get("enum"):
        return ", ".join(f"`{json.dumps(each)}`" for each in choices)
    for word in ("anyOf", "oneOf", "allOf"):
        if word in field:
            return " or ".join(_type(each) for each in field[word])
    items = field.get("items")
    if isinstance(items, dict):
        return f"array of {_type(items)}"
    kinds = field.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _meaning(field: Schema) -> str:
    return str(field.get("description", ""))
