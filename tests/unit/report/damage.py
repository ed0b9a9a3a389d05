"""Records with something in all fields, and the same with one field changed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from testbed.report.atlas.merging import atlas_of
from tests.unit.bench.builders import every_part, hello_row
from tests.unit.bench.builders import record_of as bench_of
from tests.unit.bench.slow.builders import record_of as program_bench_of
from tests.unit.chaos.builders import of_every_result
from tests.unit.chaos.builders import record_of as chaos_of
from tests.unit.report.builders import RECORDS

SEED = 16

GONE = object()
HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2.0, 0.5, 5e-324, 1e18, -1e308, 1e308, float("nan"), float("inf"),
    10**5, 2**31, 2**53, 2**63, 2**64, 10**400, "", "x", "\ud800", "\x1b[31m", "y" * 20_000,
    [], {}, [[]], [1, "x", None], {"a": 1}, "nan", "wrong_value", "replica 99999", "default",
    "parameter_server", "in_replica", GONE,
)  # fmt: skip


def record(kind: str) -> dict[str, Any]:
    """A record of this kind that has something in all of its fields."""
    if kind == "run":
        made = RECORDS["all kinds"].to_json()
        made["machine"] = RECORDS["gpus"].to_json()["machine"]
        for case in made["cases"]:
            case["ledger"] = [[["forked", 0.1], ["step 1", 0.2]]]
    elif kind == "atlas":
        made = atlas_of([RECORDS["all kinds"]]).to_json()
    elif kind == "bench":
        made = bench_of(*every_part().rows, hello_row()).to_json()
    elif kind == "program_bench":
        made = program_bench_of().to_json()
    else:
        made = chaos_of(*of_every_result()).to_json()
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found


def places(node: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, but for the whole."""
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in inner:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, *path, key)


def changed(document: Any, path: Sequence[Any], value: Any) -> Any:
    made = copy.deepcopy(document)
    *outer, last = path
    part = made
    for key in outer:
        part = part[key]
    if value is GONE:
        del part[last]
    else:
        part[last] = value
    return made


def changes(document: Any, sample: int | None) -> list[tuple[tuple[Any, ...], Any]]:
    """A sample of them all; without one, of every field once, whichever item of a list has it."""
    every = list(places(document))
    if sample is None:
        fields = {
            tuple("#" if isinstance(key, int) else key for key in path): path for path in every
        }
        every = list(fields.values())
    made = [(path, value) for path in every for value in HOSTILE]
    return made if sample is None else random.Random(SEED).sample(made, sample)
