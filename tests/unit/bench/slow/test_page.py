"""The data of the page of a program, and its parts."""

from __future__ import annotations

import json
from pathlib import Path

from testbed.bench.slow.show import page
from testbed.bench.slow.show.page import page_of_program, program_data
from tests.unit.bench.slow.builders import record_of, scale_of, worker_of

HOSTILE = "</script><img src=x>\u2028@SCRIPT@"


def test_the_data_has_what_the_page_shows() -> None:
    """Figures are texts with units; events are numbers of names."""
    data = program_data(record_of())
    assert data["headline"] == "bound by its input: 80% of a step"
    assert data["main"]["file"] == "/home/me/train.py"
    assert data["scales"][1]["step"] == {"value": "50.0 ms", "low": "50.0 ms", "high": "60.0 ms"}
    assert data["scales"][1]["rowsASecond"] == 1280
    part = next(each for each in data["parts"] if each["name"] == "communication")
    assert (part["letter"], part["time"], part["share"]["high"]) == ("x", "7.50 ms", 0.2)
    assert data["reduced"] == "A step reduces 1 MiB in 3 values."
    (worker,) = data["workers"]
    assert worker["memory"] == ["1 GiB", "512 MiB"]
    steps = worker["timeline"][0]
    assert steps["kind"] == "steps"
    name, begin, lasts = steps["spans"][1]
    assert (data["names"][name], begin, lasts) == ("step 1", 50000, 50000)


def test_parts_that_are_not_known_are_named() -> None:
    """A part without a figure is not called 0."""
    unknown = program_data(record_of())["unknown"]
    assert unknown == [
        "copying values to Python",
        "waiting for the slowest replica",
        "the same for any number of rows",
    ]


def test_equal_names_are_there_once() -> None:
    """Names repeat in steps and workers."""
    data = program_data(record_of(workers=(worker_of(0), worker_of(1))))
    assert len(data["names"]) == len(set(data["names"]))


def test_the_data_is_json_without_what_is_unknown() -> None:
    """No rows, no speed-up, no profile, no reductions."""
    record = record_of(
        scales=(scale_of(rows=0, speedup=None),), parts=(), workers=(), reductions=0, input=()
    )
    data = program_data(record)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["scales"][0]["rowsASecond"] is None
    assert data["reduced"] == ""


def test_every_part_of_the_page_is_in_it() -> None:
    """Each file in the page's folder is a part of the page."""
    whole = page_of_program(record_of())
    for part in Path(page.__file__).with_suffix("").iterdir():
        if part.suffix != ".html":
            assert part.read_text(encoding="utf-8") in whole, part.name


def test_no_text_of_a_record_is_markup() -> None:
    """A hostile name ends no element, and takes no part's place."""
    whole = page_of_program(record_of(program=HOSTILE, evidence=HOSTILE, written=(HOSTILE,)))
    assert "<img" not in whole
    assert whole.count("</script>") == 2
    assert "@SCRIPT@" in whole
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in whole
