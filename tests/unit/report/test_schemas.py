"""The published schemas of records: what they describe, and that they agree with the decoder."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import fastjsonschema
import pytest

from testbed.decoding import InvalidDataError, decoded
from tests.house.record_schemas import FOLDER, RECORDS, schema_text
from tests.unit.report.damage import changed, changes, record

SAMPLE = 300
"""The number of changes to each kind of record."""


def published(kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((FOLDER / f"{kind}.schema.json").read_text())
    return schema


@cache
def validator(kind: str) -> Callable[[Any], Any]:
    made: Callable[[Any], Any] = fastjsonschema.compile(published(kind), use_default=False)
    return made


def objects(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema that describes an object, by its place."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict):
            yield path or "the record", schema
        for name, inner in schema.items():
            yield from objects(inner, f"{path}/{name}")
    if isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from objects(inner, f"{path}/{number}")


@pytest.mark.parametrize("kind", RECORDS)
def test_a_schema_is_up_to_date(kind: str) -> None:
    """The file is what `make schemas` writes."""
    assert (FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8") == schema_text(kind)


@pytest.mark.parametrize("kind", RECORDS)
def test_a_schema_describes_every_field(kind: str) -> None:
    """Every field has a description, and no object may have other fields."""
    for place, described in objects(published(kind)):
        for name, field in described["properties"].items():
            assert field["description"], f"{place}: {name}"
        assert described["additionalProperties"] is False, place


def accepted_by_decoder(kind: str, data: Any) -> bool:
    try:
        decoded(RECORDS[kind], data)
    except InvalidDataError:
        return False
    return True


def accepted_by_schema(kind: str, data: Any) -> bool:
    try:
        validator(kind)(data)
    except fastjsonschema.JsonSchemaException:
        return False
    return True


@pytest.mark.parametrize("kind", RECORDS)
def test_a_schema_accepts_what_the_decoder_accepts(kind: str) -> None:
    """They accept a whole record, and agree on each record in which one field is changed."""
    document = record(kind)
    assert accepted_by_decoder(kind, document)
    assert accepted_by_schema(kind, document)
    for path, value in changes(document, SAMPLE):
        # JSON has no such numbers, and they are rejected before a record is decoded.
        if not isinstance(value, float) or math.isfinite(value):
            data = changed(document, path, value)
            told = accepted_by_schema(kind, data)
            assert accepted_by_decoder(kind, data) == told, (path, value)
