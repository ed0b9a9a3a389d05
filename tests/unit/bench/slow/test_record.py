"""The record of a program's benchmark: it is read back, and says its result in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from testbed.bench.slow.bounds import BOUNDS, HOST, NONE, UNCLEAR
from testbed.bench.slow.record import ProgramBenchRecord
from testbed.errors import UsageError
from testbed.report.records.files import read_record
from tests.unit.bench.slow.builders import record_of


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    """Nothing is lost between the record and its file."""
    path = tmp_path / "bench.json"
    path.write_text(json.dumps(record_of().to_json()))
    assert read_record(str(path), ProgramBenchRecord) == record_of()


def test_another_bound_is_rejected(tmp_path: Path) -> None:
    """What bounds a program is one of a closed list."""
    path = tmp_path / "bench.json"
    path.write_text(json.dumps({**record_of().to_json(), "bound_by": "magic"}))
    with pytest.raises(UsageError, match=r"data\.bound_by must be one of"):
        read_record(str(path), ProgramBenchRecord)


@pytest.mark.parametrize(
    ("bound_by", "share", "cure", "headline"),
    [
        (HOST, 0.8, "more work", "bound by the cost of starting a step: 80% of a step"),
        (NONE, 0.0, "", "it scales as it should: 1.9 times"),
        (NONE, 0.0, "a machine with more cores", "1.9 times"),
        (UNCLEAR, 0.0, "more rounds", "what bounds it is unclear: 1.9 times"),
    ],
)
def test_the_headline_says_the_result(
    bound_by: str, share: float, cure: str, headline: str
) -> None:
    """One sentence, with the figure that matters."""
    record = record_of(bound_by=bound_by, share=share, cure=cure, evidence="1.9 times")
    assert record.headline == headline


@pytest.mark.parametrize("bound_by", BOUNDS)
def test_every_bound_has_words(bound_by: str) -> None:
    """A sentence can name each of them."""
    assert BOUNDS[bound_by]
