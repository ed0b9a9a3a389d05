"""What was seen goes through JSON as it is."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from testbed.check.observations.seen import SEEN_VERSION, SourceLine, WorkerObservations
from testbed.decoding import decoded
from tests.unit.check.builders import ADD, ASSIGN, READ, access, at, born, full


def through_json(seen: WorkerObservations) -> WorkerObservations:
    return decoded(WorkerObservations, json.loads(json.dumps(asdict(seen))))


def test_every_field_comes_back() -> None:
    """What a worker writes of everything it saw is what the launching process reads."""
    empty = WorkerObservations()
    same_as_empty = {
        f.name
        for f in fields(WorkerObservations)
        if getattr(full(), f.name) == getattr(empty, f.name)
    }
    assert same_as_empty == {"version"}
    assert through_json(full()) == full()


def test_nothing_comes_back_as_nothing() -> None:
    """A worker that saw nothing has no places, no exception and no variables."""
    assert through_json(WorkerObservations()) == WorkerObservations()


def test_what_comes_back_can_be_a_key() -> None:
    """Places and libraries are compared and counted by the rules, so no lists stand in them."""
    birth = through_json(full()).births[0]
    assert {(birth.place, birth.libraries, birth.shape)}


@pytest.mark.parametrize("version", [SEEN_VERSION + 1, 0, None, "1"])
def test_another_version_is_refused(version: Any) -> None:
    """What another version wrote may mean something else."""
    with pytest.raises(ValueError, match=f"version {version}, not {SEEN_VERSION}"):
        decoded(WorkerObservations, {**asdict(full()), "version": version})


def test_a_report_without_a_version_is_refused() -> None:
    """A report says by which version it was written."""
    data = asdict(full())
    del data["version"]
    with pytest.raises(ValueError, match="version None"):
        decoded(WorkerObservations, data)


def test_an_access_knows_its_replica() -> None:
    """Only what a replica does by itself has the number of one."""
    assert access(ADD, 11).replica == 11
    assert access(ADD, "merged").replica is None
    assert access(ADD, "outside").replica is None


def test_reading_is_not_writing() -> None:
    """A gather reads; whatever is not known to read writes."""
    reads = (READ, "ResourceGather", "ResourceGatherNd")
    assert [access(each, 0).writes for each in reads] == [False] * 3
    assert [access(each, 0).writes for each in (ADD, ASSIGN, "ResourceScatterAdd")] == [True] * 3


def test_a_birth_knows_its_library() -> None:
    """The files of libraries count by how they begin, anywhere between the author and it."""
    birth = replace(born(), libraries=("keras/src/backend/a.py", "keras/src/metrics/b.py"))
    assert birth.is_of("keras/src/metrics/")
    assert birth.is_of("nowhere/", "keras/src/backend/")
    assert not birth.is_of("src/metrics/")
    assert not born().is_of("keras/")


def test_a_place_is_of_a_function() -> None:
    """Two lines of one number in one file are the same only in the same function."""
    assert at(3, "one") != at(3, "two")
    assert at(3) == SourceLine("train.py", 3)
