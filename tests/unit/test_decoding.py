"""Decoding: what `asdict` and JSON give becomes the dataclass again, and nothing else does."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

import pytest

from testbed.decoding import (
    AtLeast,
    InvalidDataError,
    Key,
    Keys,
    Later,
    Matches,
    OneOf,
    Range,
    decoded,
)


@dataclass(frozen=True)
class Inner:
    number: Annotated[int, Range(1, 9)]
    deeper: Inner | None = None


@dataclass(frozen=True)
class Outer:
    text: str
    flag: bool
    ratio: float
    anything: Any
    kind: Literal["a", "b"]
    word: Annotated[str, OneOf(("x", "y")), Matches("^.$")] | None
    inner: tuple[Inner, ...]
    pair: tuple[str, Annotated[float, Range(0, 1)]]
    either: int | str
    items: Annotated[list[int], AtLeast(1)]
    counts: dict[str, int]
    sizes: Annotated[dict[str, Any], Keys((Key("width", int, "The width."),))]
    added: Annotated[Inner | None, Later()] = None
    version: int = 3
    made: list[Any] = field(default_factory=list)


WHOLE = Outer(
    text="t",
    flag=True,
    ratio=0.5,
    anything=[None, {"a": 1}],
    kind="b",
    word=None,
    inner=(Inner(1), Inner(2, Inner(3))),
    pair=("p", 1.0),
    either="e",
    items=[1],
    counts={"a": 1},
    sizes={"width": 2},
    added=Inner(9),
)
DATA: dict[str, Any] = json.loads(json.dumps(asdict(WHOLE)))


def test_a_dataclass_comes_back_from_json() -> None:
    """Tuples, nested and optional dataclasses, mappings and lists are as they were."""
    assert decoded(Outer, DATA) == WHOLE
    assert decoded(Outer, asdict(WHOLE)) == WHOLE


def test_only_later_fields_may_be_missing() -> None:
    """A field with a default is required all the same, unless older data lacks it."""
    older = {name: value for name, value in DATA.items() if name != "added"}
    assert decoded(Outer, older).added is None
    with pytest.raises(InvalidDataError, match=r"^data must contain \['made'\] properties$"):
        decoded(Outer, {name: value for name, value in DATA.items() if name != "made"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"more": 1}, "data must not contain {'more'} properties"),
        ({"version": 2}, "data is version 2, not 3"),
        ({"version": 3.0}, "data.version must be integer"),
        ({"text": 1}, "data.text must be string"),
        ({"flag": 1}, "data.flag must be boolean"),
        ({"ratio": True}, "data.ratio must be number"),
        ({"kind": "c"}, "data.kind must be one of ['a', 'b']"),
        ({"word": "z"}, "data.word must be one of ['x', 'y'] or null"),
        ({"inner": {}}, "data.inner must be array"),
        ({"inner": [1]}, "data.inner[0] must be object"),
        ({"inner": [{"number": 1, "deeper": 1}]}, "data.inner[0].deeper must be object or null"),
        (
            {"inner": [{"number": 1, "deeper": {"number": 0, "deeper": None}}]},
            "data.inner[0].deeper.number must be bigger than or equal to 1",
        ),
        ({"inner": [{"number": 1.0, "deeper": None}]}, "data.inner[0].number must be integer"),
        ({"pair": ["p"]}, "data.pair must be array of 2 items"),
        ({"pair": ["p", 2]}, "data.pair[1] must be smaller than or equal to 1"),
        ({"pair": ["p", float("nan")]}, "data.pair[1] must be bigger than or equal to 0"),
        ({"either": None}, "data.either must be string"),
        ({"items": []}, "data.items must contain at least 1 items"),
        ({"items": [1, "x"]}, "data.items[1] must be integer"),
        ({"counts": {"a": "b"}}, "data.counts.a must be integer"),
        ({"sizes": {"height": 1}}, "data.sizes must not contain {'height'} properties"),
        ({"sizes": {"width": "w"}}, "data.sizes.width must be integer"),
        ({"sizes": []}, "data.sizes must be object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_place_of_a_wrong_value_is_named(change: dict[str, Any], message: str) -> None:
    """The message names the place in the whole data, and what would be right there."""
    with pytest.raises(InvalidDataError) as problem:
        decoded(Outer, {**DATA, **change})
    assert str(problem.value) == message


def test_a_message_is_short() -> None:
    """Data from elsewhere cannot make a message long."""
    with pytest.raises(InvalidDataError) as problem:
        decoded(Outer, {**DATA, "x" * 1_000: 1})
    assert len(str(problem.value)) == 200


def test_a_type_that_json_lacks_is_an_error_of_the_program() -> None:
    """A field that JSON cannot hold is found when its dataclass is decoded first."""

    @dataclass(frozen=True)
    class Wrong:
        numbers: set[int]

    with pytest.raises(TypeError, match="cannot be decoded from JSON"):
        decoded(Wrong, {"numbers": [1]})
