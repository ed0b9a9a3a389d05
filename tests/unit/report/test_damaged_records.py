"""Records of which one field is another: shown, or refused in one line, whatever the field."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from testbed.cli.main import main
from testbed.launcher.run_folder import RunFolder, write_json
from tests.unit.report.damage import changed, changes, record

SAMPLE = 60
"""Changes a kind of record; `make soak` makes all of them."""

MEMORY = 4 * 2**30
SECONDS = 10.0


@pytest.fixture
def bounded() -> Iterator[None]:
    """Little memory for whoever reads: what takes more raises here."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def ways(kind: str, file: str, whole: str, folder: Path) -> list[list[str]]:
    """Every way to show a record of this kind: alone, and beside one that is whole."""
    page, junit = str(folder / "page.html"), str(folder / "junit.xml")
    trace = str(folder / "trace.json")
    if kind == "chaos":
        return [[file]]
    shown = [[file], [file, "--markdown"], [whole, file], [file, whole]]
    if kind == "bench":
        return shown
    if kind == "program_bench":
        return [*shown, [file, "--html", page, "--trace", trace]]
    return [
        *shown,
        [whole, file, "--markdown"],
        [file, "--html", page, "--junit", junit],
        [file, whole, "--html", page],
    ]


def show(kind: str, sample: int | None, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = record(kind)
    whole, file = folder / "whole.json", folder / "changed.json"
    write_json(whole, document)
    for path, value in changes(document, sample):
        file.write_text(json.dumps(changed(document, path, value)), encoding="utf-8")
        for arguments in ways(kind, str(file), str(whole), folder):
            began = time.monotonic()
            status = main(["report", *arguments])
            told = capsys.readouterr().err
            assert time.monotonic() - began < SECONDS, (path, value)
            assert status in (0, 2), (path, value, told)
            if status == 2:
                assert told.startswith(f"testbed: {file}: "), (path, value, told)
                assert told.count("\n") == 1, (path, value, told)
                assert len(told) < 500, (path, value, told)
                break


@pytest.mark.parametrize("kind", ["run", "bench", "program_bench", "chaos"])
@pytest.mark.usefixtures("bounded")
def test_a_changed_field_is_shown_or_refused(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A field that is another is shown in every form, or refused in one line: no traceback."""
    show(kind, SAMPLE, tmp_path, capsys)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["run", "bench", "program_bench", "chaos"])
@pytest.mark.usefixtures("bounded")
def test_every_changed_field_is_shown_or_refused(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So is every field with every value that could be troublesome."""
    show(kind, None, tmp_path, capsys)


@pytest.mark.parametrize("which", ["plan", "verdict", "report", "end"])
@pytest.mark.usefixtures("bounded")
def test_the_files_of_a_run_that_wrote_no_record_may_be_damaged(
    which: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a run that has no record, every file may have a field that is another."""
    folder, document = RunFolder(tmp_path), record("run")
    case = document["cases"][0]
    own = folder.case(case["id"])
    files = {"plan": folder.plan, "verdict": own.verdict, "report": own.report(0)}
    contents = {"plan": document, "verdict": {**case, "reports": []}, "report": case["reports"][0]}
    files["end"], contents["end"] = folder.end, {"status": 1, "message": "it ended"}
    for name, file in files.items():
        write_json(file, contents[name])
    for path, value in changes(contents[which], SAMPLE // 2):
        text = json.dumps(changed(contents[which], path, value))
        files[which].write_text(text, encoding="utf-8")
        began = time.monotonic()
        status = main(["report", str(tmp_path)])
        told = capsys.readouterr().err
        assert time.monotonic() - began < SECONDS, (path, value)
        assert status == 0 or (which, status) == ("plan", 2), (path, value, told)
        assert told.count("\n") <= 2, (path, value, told)


@pytest.mark.parametrize(
    "path",
    [("seconds",), ("machine", "memory_gib"), ("cases", 0, "seconds"),
     ("cases", 0, "reports", 0, "findings", 0, "claim", "value"),
     ("cases", 0, "reports", 0, "findings", 0, "claim", "start"),
     ("cases", 0, "reports", 0, "findings", 0, "reading", "copies", 0, "value")],
    ids=lambda path: ".".join(map(str, path)),
)  # fmt: skip
@pytest.mark.parametrize("number", [10**400, -(10**19), float("nan"), float("-inf")])
def test_a_number_beyond_bounds_is_told_with_its_place(
    path: Sequence[Any], number: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A number that nothing can work with is refused with the place of its field."""
    file = tmp_path / "run.json"
    file.write_text(json.dumps(changed(record("run"), path, number)), encoding="utf-8")
    assert main(["report", str(file)]) == 2
    place = "data" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    told = capsys.readouterr().err
    assert told.startswith(f"testbed: {file}: not a valid record: {place} is ")
    assert len(told) < 400


@pytest.mark.parametrize("path", [("cases", 0, "workers"), ("cases", 0, "reports", 0, "worker")])
@pytest.mark.parametrize("number", [-1, 1e308, 2.0, 10**9, True])
def test_a_number_that_counts_is_a_small_whole_one(
    path: Sequence[Any], number: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What counts workers is no fraction, no truth value, and no number of a galaxy."""
    file = tmp_path / "run.json"
    file.write_text(json.dumps(changed(record("run"), path, number)), encoding="utf-8")
    assert main(["report", str(file), "--html", str(tmp_path / "page.html")]) == 2
    assert ("workers must be " if len(path) == 3 else "worker must be ") in capsys.readouterr().err
