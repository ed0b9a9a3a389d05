"""Reading records that may come from anywhere, and the files that reports are written to."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from testbed.check.finding import Finding
from testbed.check.result import CheckResult
from testbed.cli.main import main
from testbed.errors import UsageError
from testbed.launcher.run_folder import write_json
from testbed.report.formats.registry import (
    BENCH,
    CHECK,
    COMPARISON,
    FORMATS,
    RESULTS,
    RUN,
    STANDARD_OUTPUT,
    TEXT,
    WantedFile,
)
from testbed.report.formats.text import show_record
from testbed.report.output.result_files import ResultFiles
from testbed.report.records.files import read_record
from testbed.report.records.record import RunRecord
from tests.unit.builders import (
    case_of,
    counted_per_replica,
    merged,
    rejected,
    run_record,
    verdict_of,
)

RECORD = run_record(counted_per_replica(), merged())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "run.json"
    write_json(path, RECORD.to_json())
    return path


def refused(name: Path | str) -> str:
    with pytest.raises(UsageError) as problem:
        read_record(str(name), RunRecord)
    told = str(problem.value)
    assert "\n" not in told
    assert len(told) < 400
    return told


def test_a_file_and_a_run_s_folder_give_the_record(file: Path) -> None:
    """A record is read by its file's name, and by the name of the run's folder."""
    assert read_record(str(file), RunRecord) == RECORD
    assert read_record(str(file.parent), RunRecord) == RECORD


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A file that is not there, and a folder that is no run's, are told as such."""
    assert refused(tmp_path / "no.json").endswith("no.json: No such file or directory")
    assert refused(tmp_path).endswith("No such file or directory")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not whole JSON"),
        ("<html>", "not whole JSON"),
        ("[]", "not a record of testbed"),
        ('{"kind": "cake"}', "not a record of testbed"),
        ('{"kind": ["run"]}', "not a record of testbed"),
        ('{"kind": "run"}', "version None of a run record, and this testbed reads version 2"),
        ('{"kind": "run", "version": 3}', "version 3 of a run record"),
        ('{"version": 1, "cases": []}', "version 1 of a run record"),
        ('{"kind": "run", "version": 2}', "not a valid record"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 300 + "]" * 300, "nested too deeply"),
        ('{"a": NaN}', "data.a is NaN, and must be a finite number"),
        ('{"a": [1e999]}', "data.a[0] is 1e999, and must be a finite number"),
        ('{"a": -Infinity}', "data.a is -Infinity, and must be a finite number"),
        ('{"a": 1' + "0" * 400 + "}", "data.a is 10000000000000000000..., and must be from -92"),
        ('{"a": 18446744073709551616}', "data.a is 18446744073709551616, and must be from -92"),
        ('{"a": 1, "a": 2}', 'the key "a" occurs twice in one object'),
        (r'{"a": "\ud800"}', "surrogates not allowed"),
    ],
)
def test_what_is_not_a_record_is_refused_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    """Whatever else a file holds, it is refused with its name and the reason."""
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    assert told in refused(path)
    assert str(path) in refused(path)


def test_a_file_that_is_cut_off_is_told(file: Path) -> None:
    """Half a record is not taken for one."""
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: len(text) // 2], encoding="utf-8")
    assert "is the file cut off?" in refused(file)


@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "/dev/null"])
def test_what_is_no_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    """A pipe, which may have no writer, and a device, which may have no end, are refused."""
    path = Path(kind)
    if kind == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    done = subprocess.run(
        [sys.executable, "-m", "testbed", "report", str(path)],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == f"testbed: {path}: not a file; save the record to one first\n"


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    """A file of 100 MB is no record, whatever it holds, and nobody waits for that answer."""
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    began = time.monotonic()
    assert refused(path).endswith("large.json: larger than 50 MB; not a record")
    assert time.monotonic() - began < 1


def test_bytes_that_are_no_text_are_told(file: Path) -> None:
    """A binary file is not a record."""
    file.write_bytes(b"\xff\xfe\x00")
    assert "not whole JSON" in refused(file)


def test_a_case_is_there_once(file: Path) -> None:
    """Two cases of one id would hide one another."""
    write_json(file, run_record(merged(), merged()).to_json())
    assert "two cases are counters.counter[in_scope,eager]@mirrored-2" in refused(file)


def test_a_case_has_its_script(file: Path) -> None:
    """A case of a script that the record lacks cannot be shown."""
    write_json(file, run_record(merged(), scripts=()).to_json())
    assert "names a script that the record lacks" in refused(file)


def test_every_reader_is_safe_from_hostile_texts(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """HTML, markup, control characters: no report fails on them or passes a command on."""
    name = "</script><img src=x onerror=alert(1)>[bold]\x1b]0;gone\x07|`*\u2028&\x00\x1b[31m"
    verdict = verdict_of(case_of(f"{name}.{name}"), "wrong_value", name, as_expected=False)
    write_json(file, run_record(verdict, command=(name,)).to_json())
    files = [str(tmp_path / "page.html"), str(tmp_path / "j.xml")]
    assert main(["report", str(file)]) == 0
    assert main(["report", str(file), "--markdown"]) == 0
    assert main(["report", str(file), str(file)]) == 0
    assert main(["report", str(file), "--html", files[0], "--junit", files[1]]) == 0
    shown = capsys.readouterr().out
    assert "\x1b]0;" not in shown
    assert "\x00" not in shown
    page = Path(files[0]).read_text(encoding="utf-8")
    assert "<img" not in page
    assert page.count("</script>") == 2


def texts_in(node: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Where in a document there is a text."""
    if isinstance(node, str):
        yield path
    elif isinstance(node, (dict, list)):
        for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
            yield from texts_in(inner, *path, key)


def put(node: Any, path: Sequence[Any], text: str) -> None:
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = text


def test_no_text_of_a_record_is_obeyed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever text of a record is hostile, no report passes a command on to who shows it."""
    hostile = "</script><img src=x>\x1b]0;gone\x07\x1b[31m\x9b31m\x00\u202e\u2028\x7f\r"
    unexpected = verdict_of(case_of("a.b"), "rejected", "x", as_expected=False)
    made = run_record(counted_per_replica(), rejected("no", "c.d"), unexpected)
    data = json.loads(json.dumps(made.to_json()))
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    write_json(old, data)
    replaced = 0
    for path in texts_in(data):
        changed = json.loads(json.dumps(data))
        put(changed, path, f"{hostile}{replaced}")
        write_json(new, changed)
        try:
            read_record(str(new), RunRecord)
        except UsageError:
            continue
        data, replaced = changed, replaced + 1
    assert replaced > 20
    write_json(new, data)
    page, junit = tmp_path / "page.html", tmp_path / "junit.xml"
    for arguments in ([new], [old, new], [new, "--markdown"], [old, new, "--markdown"]):
        assert main(["report", *map(str, arguments)]) == 0
    assert main(["report", str(old), str(new), "--html", str(page)]) == 0
    assert main(["report", str(new), "--junit", str(junit)]) == 0
    shown = capsys.readouterr().out
    for text in (shown, junit.read_text(encoding="utf-8")):
        assert "gone" in text
        assert re.findall("[\x00-\x08\x0b-\x1f\x7f\x9b]", text) == []
    assert re.findall("[\u2028\u202e]", shown) == []
    assert "gone" in page.read_text(encoding="utf-8")
    assert re.findall("<img|\x1b|\x00", page.read_text(encoding="utf-8")) == []


def test_status_of_two_runs_that_differ(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change alone is status 0; with --fail-on-change it is 1, and an equal repeat is 0."""
    other = tmp_path / "other.json"
    write_json(other, run_record(counted_per_replica(), tensorflow="2.22.0").to_json())
    assert main(["report", str(file), str(other)]) == 0
    shown = capsys.readouterr().out
    assert "TensorFlow: 2.21.0 -> 2.22.0" in shown
    assert "counters.counter[in_scope,eager]@mirrored-2  only in A" in shown
    assert "1 alike, 0 changed, 1 only in A, 0 only in B" in shown
    assert main(["report", str(file), str(other), "--fail-on-change"]) == 1
    assert main(["report", str(file), str(file), "--fail-on-change"]) == 0


def test_a_report_shows_what_the_run_showed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table and the counts of a record are those that its run printed."""
    show_record(RECORD)
    printed = capsys.readouterr().out
    assert main(["report", str(file)]) == 0
    assert capsys.readouterr().out == printed
    assert "2 cases: 1 behave, 1 failure shown as documented, 0 unexpected in 12 s" in printed


def test_what_kept_many_cases_from_a_verdict_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A reason that many cases share stands there once, with how many more have it."""
    sites = [f"site_{number}" for number in range(30)]
    lost = [
        verdict_of(
            case_of(site=site), evidence="not run: n2 is gone", kind="error", as_expected=False
        )
        for site in sites
    ]
    show_record(run_record(*lost))
    shown = capsys.readouterr().out
    below = shown.rpartition("┘")[2]
    assert below.count("not run: n2 is gone") == 2
    assert "29 more cases: error: not run: n2 is gone" in below
    assert "30 cases: 30 unexpected" in below


def wanted(**files: Path | str) -> ResultFiles:
    return ResultFiles(WantedFile(name, str(path), f"--{name}") for name, path in files.items())


@pytest.mark.parametrize("option", ["json", "html", "junit"])
def test_a_destination_is_checked_before_the_work(tmp_path: Path, option: str) -> None:
    """A folder, a device and a folder that is not there are refused with the option's name."""
    for name in (str(tmp_path), "/dev/null", str(tmp_path / "no" / "x")):
        with pytest.raises(UsageError, match=f"--{option} {name}: not a file"):
            wanted(**{option: name})
    assert wanted(**{option: tmp_path / "x"}).wanted
    assert not wanted().wanted


def test_two_options_do_not_share_a_file(tmp_path: Path) -> None:
    """One file cannot hold two reports."""
    with pytest.raises(UsageError, match="name two files"):
        wanted(json=tmp_path / "x", html=f"{tmp_path}/./x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any folder")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    """Where nothing may be written, that is said before the work."""
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="no permission to write there"):
        wanted(html=tmp_path / "x")


def test_what_is_wanted_is_written(tmp_path: Path) -> None:
    """Each file that is asked for is written, and no other."""
    written = wanted(json=tmp_path / "r.json", junit=tmp_path / "j").write(RUN, RECORD)
    assert written.files == {"result": tmp_path / "r.json", "JUnit": tmp_path / "j"}
    assert (written.lost, written.status(0), written.status(1)) == ([], 0, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j", "r.json"]
    assert json.loads((tmp_path / "r.json").read_text())["cases"]


def test_a_file_that_cannot_be_written_keeps_no_other(tmp_path: Path) -> None:
    """A folder that went away meanwhile is told in one line, and the other files are written."""
    gone = tmp_path / "gone"
    gone.mkdir()
    files = wanted(junit=gone / "j", json=tmp_path / "r.json")
    gone.rmdir()
    written = files.write(RUN, RECORD)
    (lost,) = written.lost
    assert str(lost) == f"--junit {gone}/j: No such file or directory; it is not written"
    assert written.files == {"result": tmp_path / "r.json"}
    assert written.status(0) == 1


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (BENCH, "--junit: a benchmark cannot be shown so; choose from --json, --html, --markdown"),
        (COMPARISON, "--junit: a comparison of two runs cannot be shown so; choose from --html"),
    ],
)
def test_a_format_that_a_result_lacks_is_refused(tmp_path: Path, kind: str, told: str) -> None:
    """A format that this kind of result does not have is refused, with those that it has."""
    with pytest.raises(UsageError, match=f"^{told}"):
        wanted(junit=tmp_path / "j").write(kind, RECORD)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "writer",
    [writer for each in FORMATS.values() for writer in each.writers.values()],
)
def test_every_writer_is_there(writer: str) -> None:
    """The table of formats names functions that exist, for kinds of results that exist."""
    module, _, function = writer.partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    assert all(each.writers.keys() <= RESULTS.keys() for each in FORMATS.values())


def test_two_runs_have_no_junit(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A comparison is refused for a format of one run, in one line and before it is written."""
    junit = file.parent / "j.xml"
    assert main(["report", str(file), str(file), "--junit", str(junit)]) == 2
    assert "--junit: a comparison of two runs cannot be shown so" in capsys.readouterr().err
    assert not junit.exists()


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_findings_are_wrapped_in_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words stay whole, and further lines stand below the first; elsewhere no line is broken."""
    result = CheckResult([Finding("TB101", None, "2 replicas of a worker each add 1 to 'steps'")])
    files = ResultFiles([WantedFile(TEXT, STANDARD_OUTPUT, "--format")])
    monkeypatch.setenv("COLUMNS", "60")
    shown = {}
    for kind in (Terminal, io.StringIO):
        output = kind()
        monkeypatch.setattr(sys, "stdout", output)
        files.print(CHECK, result)
        shown[kind] = output.getvalue().splitlines()
    assert max(map(len, shown[io.StringIO])) > 60
    assert max(map(len, shown[Terminal])) <= 60
    assert " ".join(" ".join(shown[Terminal]).split()) == " ".join(
        " ".join(shown[io.StringIO]).split()
    )
    why = next(n for n, line in enumerate(shown[Terminal]) if line.startswith("  why:"))
    assert shown[Terminal][why + 1].startswith("        ")
