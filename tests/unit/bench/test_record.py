"""The record of a benchmark: its shape, and what is rejected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from testbed.bench.record import BenchRecord
from testbed.bench.run import tuning
from testbed.errors import UsageError
from testbed.report.records.files import read_record
from tests.unit.bench.builders import every_part


def as_json(record: BenchRecord) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(record.to_json()))
    return data


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    """Nothing is lost between the record and its file."""
    path = tmp_path / "bench.json"
    path.write_text(json.dumps(every_part().to_json()))
    assert as_json(read_record(str(path), BenchRecord)) == as_json(every_part())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 99}, "version 99 of a bench record, and this testbed reads version 1"),
        ({"kind": "run"}, "the record of a run; give a file that testbed bench --json"),
        ({"kind": "other"}, "not a record of testbed"),
        ({"rounds": "many"}, "not a valid record: data.rounds must be integer"),
        ({"rows": [{}]}, "not a valid record: data.rows[0] must contain"),
        ({"more": 1}, "not a valid record"),
    ],
)
def test_what_is_no_benchmark_is_refused(
    change: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    """One line says what is wrong with the file."""
    path = tmp_path / "bench.json"
    path.write_text(json.dumps({**as_json(every_part()), **change}))
    with pytest.raises(UsageError, match=r"bench\.json") as refused:
        read_record(str(path), BenchRecord)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_environment_is_kept_without_secrets() -> None:
    """What changes TensorFlow's speed is kept; what looks secret is not, nor anything else."""
    found = tuning({"TF_NUM_INTEROP_THREADS": "8", "TF_API_TOKEN": "abc", "HOME": "/home/me"})
    assert found == {"TF_API_TOKEN": "(left out)", "TF_NUM_INTEROP_THREADS": "8"}
