"""The page: one HTML file that holds all it shows and asks nobody for anything.

Its parts are the files in the folder beside this one. Whatever comes from a record is data in a
script element that no browser runs, and the page's own code puts it into the document as text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from testbed.report.formats.page_data import run_data
from testbed.report.records.compare import RunComparison
from testbed.report.records.record import RunRecord

_PARTS = Path(__file__).with_suffix("")

STYLES = ("page.css", "bench.css")

# In the order in which they are put together: each may use those before it.
SCRIPTS = (
    "dom.js",
    "data.js",
    "state.js",
    "code.js",
    "layout.js",
    "picture.js",
    "detail.js",
    "head.js",
    "filters.js",
    "matrix.js",
    "keys.js",
    "bench.js",
    "main.js",
)

# A text that is not HTML inside of HTML: what could end the element, and what JavaScript's older
# grammar takes for the end of a line.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def page_of(
    record: RunRecord | None,
    comparison: RunComparison | None = None,
    bench: dict[str, Any] | None = None,
) -> str:
    """The page of a run, or, with a comparison, of two; `record` is the later one then.

    `bench` is what `testbed.bench.show.page` makes of a benchmark; it may stand alone.
    """
    return assemble({"run": run_data(record, comparison) if record else None, "bench": bench})


def assemble(data: dict[str, Any]) -> str:
    """The page around its data; an entry of it that is None has no section on the page."""
    style = "".join(map(_part, STYLES))
    script = "".join(["'use strict';\n(() => {\n", *map(_part, SCRIPTS), "})();\n"])
    parts = {
        "@POLICY@": _policy(style, script),
        "@STYLE@": style,
        "@DATA@": as_script_data(data),
        "@SCRIPT@": script,
    }
    done, left = "", _part("page.html")
    for mark, part in parts.items():
        # What has been put in is not searched again: a record may hold the next mark.
        before, _, left = left.partition(mark)
        done += before + part
    return done + left


def as_script_data(data: Any) -> str:
    """JSON that can stand inside of a script element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)


def _policy(style: str, script: str) -> str:
    """Nothing is loaded from anywhere, and no code runs but the page's own."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _part(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")
